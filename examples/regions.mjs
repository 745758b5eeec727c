// Regions that overlap, over one label map: a network with a sigmoid output for each region, as in brain tumor segmentation.
//
// Labels: 1 necrosis, 2 edema, 3 enhancing tumor. Regions: whole tumor, tumor core, enhancing tumor. The label map is
// never expanded to one plane a region.
import { DiceLoss, BinaryCrossEntropyLoss, score } from 'maskloss'

const regions = [[1, 2, 3], [1, 3], [3]]
const shape = [3, 1, 1, 6] // C, D, H, W
const labels = Int16Array.of(0, 2, 1, 3, 3, -1) // -1: nobody knows
const planes = [
  [-3, 2, 3, 4, 1, 5], // whole tumor
  [-4, -1, 2, 3, 1, 5], // tumor core
  [-5, -3, -1, 2, -1, 5], // enhancing tumor
]
const logits = Float32Array.from(planes.flat())

const options = { activation: 'sigmoid', layout: 'CDHW', regions, ignoreIndex: -1 }
const dice = new DiceLoss({ ...options, scorePer: 'class' })
const entropy = new BinaryCrossEntropyLoss(options)

const gradient = new Float32Array(logits.length)
const { values } = dice.evaluate(logits, labels, { shape, gradient })
console.log('Dice loss of each region', Array.from(values, (loss) => loss.toFixed(4)).join(' '))
// → Dice loss of each region 0.0660 0.1235 0.3379
const { loss } = entropy.evaluate(logits, labels, { shape, gradient, accumulate: true })
console.log('binary cross-entropy', loss.toFixed(4)) // → binary cross-entropy 0.2123
console.log('at the ignored pixel', gradient[5], gradient[11], gradient[17]) // → at the ignored pixel 0 0 0

// Hard scores of the same regions. A logit above 0 is a probability above ½.
const scores = score(logits, labels, { layout: 'CDHW', shape, regions, threshold: 0, ignoreIndex: -1 })
console.log('Dice of each region', Array.from(scores.dice, (value) => value.toFixed(4)).join(' '))
// → Dice of each region 1.0000 1.0000 0.6667
