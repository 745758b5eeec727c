// The one operation that tfjs' wasm backend lacks to train convolutions, for tf.registerKernel.
//
// The gradient of a convolution by its filter is, for each place (y, x) of the filter, a product of matrices: of the input as
// that place sees it, shifted and strided, with the gradient of the output; both with one row a pixel.
import * as tf from '@tensorflow/tfjs-core'

export const conv2DBackpropFilter = {
  kernelName: 'Conv2DBackpropFilter',
  backendName: 'wasm',
  kernelFunc: ({ inputs: { x, dy }, attrs: { strides, pad, dimRoundingMode, filterShape } }) =>
    tf.tidy(() => {
      const conv = tf.backend_util.computeConv2DInfo(x.shape, filterShape, strides, 1, pad, dimRoundingMode)
      const { batchSize, inChannels, outChannels, outHeight, outWidth, strideHeight, strideWidth, padInfo } = conv
      const rows = [padInfo.top, padInfo.bottom]
      const columns = [padInfo.left, padInfo.right]
      const padded = tf.pad(x, [[0, 0], rows, columns, [0, 0]])
      const slopes = tf.reshape(dy, [-1, outChannels])
      const height = (outHeight - 1) * strideHeight + 1
      const width = (outWidth - 1) * strideWidth + 1
      const places = []
      for (let top = 0; top < conv.filterHeight; top++) {
        for (let left = 0; left < conv.filterWidth; left++) {
          const end = [batchSize, top + height, left + width, inChannels]
          const seen = tf.stridedSlice(padded, [0, top, left, 0], end, [1, strideHeight, strideWidth, 1])
          places.push(tf.matMul(tf.reshape(seen, [-1, inChannels]), slopes, true))
        }
      }
      return tf.reshape(tf.stack(places), filterShape)
    }),
}
