/** Which engine computes, and on what. */
import type { EngineRuntime, EngineSource } from './engine.ts'

/** What `runtime()` tells. */
export interface Runtime extends EngineRuntime {}

/** Makes the function on an engine. It loads the engine if no call has yet. */
export function runtimeFunction(source: EngineSource): () => Runtime {
  return () => ({ ...source.engine().runtime() })
}
