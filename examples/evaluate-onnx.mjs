// Losses and scores of a segmentation model that runs in onnxruntime-node, batch by batch.
//
// `run` stands for `session.run(…)`: what it returns has the fields of an onnxruntime tensor, and maskloss asks for no more.
// Lines with an arrow are what is printed.
import { DiceCrossEntropyLoss, Scores } from 'maskloss'

const height = 32
const width = 32

/** Squares of class 1 on background 0, and logits that miss their last column. */
function run(batch) {
  const labels = new Uint8Array(height * width)
  const data = new Float32Array(2 * height * width)
  for (let row = 8; row < 24; row++) {
    for (let column = 8; column < 20 + batch; column++) {
      labels[row * width + column] = 1
      if (column < 19 + batch) data[height * width + row * width + column] = 4.5
    }
  }
  for (let pixel = 0; pixel < height * width; pixel++) data[pixel] = 1.5
  return { output: { type: 'float32', dims: [1, 2, height, width], data }, labels }
}

const criterion = new DiceCrossEntropyLoss({ activation: 'softmax', dice: { includeBackground: false } })
const scores = new Scores()
for (let batch = 0; batch < 3; batch++) {
  const { output, labels } = run(batch)
  const { loss, terms } = criterion.evaluate(output, labels)
  scores.update(output, labels)
  console.log(`batch ${batch}: ${loss.toFixed(4)} = ${terms.dice.toFixed(4)} + ${terms.crossEntropy.toFixed(4)}`)
}
// → batch 0: 0.5353 = 0.3367 + 0.1986
// → batch 1: 0.5114 = 0.3152 + 0.1962
// → batch 2: 0.4896 = 0.2958 + 0.1938

const { cases, mean, labelMeans } = scores.compute()
console.log(`${cases} cases, mean Dice ${mean.dice.toFixed(4)}, recall ${mean.recall.toFixed(4)}`)
// → 3 cases, mean Dice 0.9598, recall 0.9228
console.log(`Dice with background: ${Array.from(labelMeans.dice, (dice) => dice.toFixed(4)).join(' ')}`)
// → Dice with background: 0.9903 0.9598
