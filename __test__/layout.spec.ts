/** Axis letters and shapes. */
import test from 'ava'
import fc from 'fast-check'

import { coordinates, geometryOf, LAYOUTS, type Layout } from '../src/layout.ts'
import { thrown } from './faces.ts'

type Expected = readonly [
  samples: number,
  classes: number,
  spatial: readonly number[],
  channelsLast: boolean,
  labels: readonly number[],
]
const READINGS: Readonly<Record<Layout, readonly [shape: readonly number[], expected: Expected]>> = {
  NC: [
    [2, 3],
    [2, 3, [], false, [2]],
  ],
  W: [[5], [1, 1, [5], false, [5]]],
  NW: [
    [2, 5],
    [2, 1, [5], false, [2, 5]],
  ],
  CW: [
    [3, 5],
    [1, 3, [5], false, [5]],
  ],
  WC: [
    [5, 3],
    [1, 3, [5], true, [5]],
  ],
  NCW: [
    [2, 3, 5],
    [2, 3, [5], false, [2, 5]],
  ],
  NWC: [
    [2, 5, 3],
    [2, 3, [5], true, [2, 5]],
  ],
  HW: [
    [4, 5],
    [1, 1, [4, 5], false, [4, 5]],
  ],
  NHW: [
    [2, 4, 5],
    [2, 1, [4, 5], false, [2, 4, 5]],
  ],
  CHW: [
    [3, 4, 5],
    [1, 3, [4, 5], false, [4, 5]],
  ],
  HWC: [
    [4, 5, 3],
    [1, 3, [4, 5], true, [4, 5]],
  ],
  NCHW: [
    [2, 3, 4, 5],
    [2, 3, [4, 5], false, [2, 4, 5]],
  ],
  NHWC: [
    [2, 4, 5, 3],
    [2, 3, [4, 5], true, [2, 4, 5]],
  ],
  DHW: [
    [6, 4, 5],
    [1, 1, [6, 4, 5], false, [6, 4, 5]],
  ],
  NDHW: [
    [2, 6, 4, 5],
    [2, 1, [6, 4, 5], false, [2, 6, 4, 5]],
  ],
  CDHW: [
    [3, 6, 4, 5],
    [1, 3, [6, 4, 5], false, [6, 4, 5]],
  ],
  DHWC: [
    [6, 4, 5, 3],
    [1, 3, [6, 4, 5], true, [6, 4, 5]],
  ],
  NCDHW: [
    [2, 3, 6, 4, 5],
    [2, 3, [6, 4, 5], false, [2, 6, 4, 5]],
  ],
  NDHWC: [
    [2, 6, 4, 5, 3],
    [2, 3, [6, 4, 5], true, [2, 6, 4, 5]],
  ],
}

for (const layout of LAYOUTS) {
  test(`${layout} is read`, (t) => {
    const [shape, [samples, classes, spatial, channelsLast, labels]] = READINGS[layout]
    const geometry = geometryOf(shape, layout, false)
    const { pixels, length } = geometry
    t.deepEqual(
      [geometry.samples, geometry.classes, geometry.spatial, geometry.channelsLast, geometry.labelShapes[0]],
      [samples, classes, spatial, channelsLast, labels],
    )
    t.is(length, samples * classes * pixels)
    t.false(geometry.defaulted)
  })
}

test('only 4 and 5 axes have a default', (t) => {
  t.is(geometryOf([1, 2, 3, 4], undefined, false).layout, 'NCHW')
  t.is(geometryOf([1, 2, 3, 4, 5], undefined, false).layout, 'NCDHW')
  t.true(geometryOf([1, 2, 3, 4], undefined, false).defaulted)
  for (const shape of [[4], [3, 4], [1, 3, 4], [1, 1, 1, 1, 3, 4]]) {
    const error = thrown(() => geometryOf(shape, undefined, false)) as Error & { code?: string }
    t.is(error.code, 'ERR_MASKLOSS_LAYOUT')
  }
})

test('an image has rows, columns and channels', (t) => {
  t.is(geometryOf([4, 5], undefined, true).layout, 'HW')
  t.is(geometryOf([4, 5, 3], undefined, true).layout, 'HWC')
  t.is(geometryOf([4, 5, 3], 'DHW', true).layout, 'DHW')
})

test('one sample may come without its axis in the target', (t) => {
  const { labelShapes, classShapes } = geometryOf([1, 3, 4, 5], 'NCHW', false)
  t.deepEqual(labelShapes, [
    [1, 4, 5],
    [1, 1, 4, 5],
    [4, 5],
    [1, 4, 5],
  ])
  t.deepEqual(classShapes, [
    [1, 3, 4, 5],
    [3, 4, 5],
  ])
})

test('coordinates count rows first', (t) => {
  t.deepEqual(coordinates(0, []), [])
  t.deepEqual(coordinates(7, [4, 5]), [1, 2])
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 3 }), fc.nat(), (spatial, seed) => {
      const pixels = spatial.reduce((product, extent) => product * extent, 1)
      const pixel = seed % pixels
      const back = coordinates(pixel, spatial).reduce((index, at, axis) => index * spatial[axis]! + at, 0)
      return back === pixel
    }),
  )
  t.pass()
})
