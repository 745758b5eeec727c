import type { EngineSource } from './engine.ts'
import { reference } from './reference/engine.ts'

/** Until the native engine is bound, the plain TypeScript one stands in. */
export const native: EngineSource = reference
