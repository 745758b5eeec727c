import { reference } from '../../src/reference/engine.ts'
import { scoreFunction } from '../../src/score.ts'
import type { ScoreOptions } from '../../src/score-options.ts'
import { ScoreAccumulator, scoresState, type ScoresState } from '../../src/scores.ts'

/** `score` on the plain TypeScript engine. */
export const score = scoreFunction(reference)

/** `Scores` on the plain TypeScript engine. */
export class Scores extends ScoreAccumulator {
  constructor(options?: ScoreOptions) {
    super(options, reference)
  }

  static fromJSON(state: ScoresState): Scores {
    const read = scoresState(state)
    return new Scores(read.options).restore(read)
  }
}
