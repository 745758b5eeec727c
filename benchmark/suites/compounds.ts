/** What does a sum of three losses cost beside Dice alone? */
import * as maskloss from 'maskloss'

import type { Send, Task } from '../measure.ts'
import { race } from '../race.ts'
import type { Mode } from '../rows.ts'
import { raceOptions } from '../setting.ts'
import { makeCase, pixelsFor, WIDTH, type Case } from './loss-inputs.ts'

const CLASSES = [4, 19]
const MODES: readonly Mode[] = ['forward', 'gradient']

const SHARED = { activation: 'softmax', target: 'labels', layout: 'NCW' } as const
const DICE_CE_FOCAL = maskloss.combine([
  [1, new maskloss.DiceLoss({ ...SHARED, scorePer: 'class' })],
  [1, new maskloss.CrossEntropyLoss(SHARED)],
  [1, new maskloss.FocalLoss(SHARED)],
])

function optionsOf({ shape, gradient }: Case, threads: number, mode: Mode) {
  const into = mode === 'gradient' ? gradient : undefined
  return { ...SHARED, shape, threads, gradient: into } as const
}

type Options = ReturnType<typeof optionsOf>

/** Each is one way to get a loss; the first is what the others are held against. */
const COMPOUNDS: Record<string, (given: Case, options: Options) => number> = {
  Dice: ({ prediction, labels }, options) =>
    maskloss.diceLoss(prediction, labels, { ...options, scorePer: 'class' }).loss,
  'Dice + CE': diceCrossEntropy,
  'Dice + CE + focal': ({ prediction, labels }, { shape, threads, gradient }) =>
    DICE_CE_FOCAL.evaluate(prediction, labels, { shape, threads, gradient }).loss,
}

function diceCrossEntropy({ prediction, labels }: Case, options: Options): number {
  return maskloss.diceCrossEntropyLoss(prediction, labels, { ...options, dice: { scorePer: 'class' } }).loss
}

/** Every compound against Dice. */
export function measureCompounds({ threads: counts, level, setting }: Task, send: Send): void {
  for (const classes of CLASSES) {
    globalThis.gc?.()
    const given = makeCase(classes, pixelsFor(classes), WIDTH)
    const { prediction, labels } = given
    for (const mode of MODES) {
      for (const threads of counts) {
        const options = optionsOf(given, threads, mode)
        const contestants = Object.entries(COMPOUNDS).map(([name, loss]) => ({ name, run: () => loss(given, options) }))
        const taken = race(contestants, raceOptions(setting))
        for (const { name, run } of contestants) {
          send({
            suite: 'compounds',
            name: `${name}, ${classes} classes`,
            title: '',
            mode,
            level,
            threads,
            pixels: labels.length,
            classes,
            elements: prediction.length,
            ours: taken.get(name)!,
            baseline: taken.get('Dice'),
            loss: run(),
          })
        }
      }
    }
  }
}
