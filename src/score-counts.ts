/** From two tensors to counts: which pixels have which labels, in the prediction and in the reference. */
import { SHAPE, shapeOf } from './call.ts'
import { labelArray } from './convert.ts'
import { list } from './describe.ts'
import type { CountCall, Engine, Fault, LabelArray, PlaneArray } from './engine.ts'
import { masklossError, type MasklossError } from './errors.ts'
import { channelsLastError } from './faults.ts'
import { coordinates, geometryOf, isOneOfShapes, type Geometry } from './layout.ts'
import { LABEL } from './options.ts'
import { looksChannelsLast } from './probe.ts'
import type { Decision, ScorePlan } from './score-options.ts'
import type { CaseCounts } from './score-result.ts'
import { checkLength, copyShape, recognize, type Tensor } from './tensor.ts'
import { lengthOf } from './typed-array.ts'

/** A prediction and its reference, read and checked. */
interface Pair {
  readonly geometry: Geometry
  readonly decision: Decision
  readonly prediction: LabelArray
  readonly reference: LabelArray
  readonly perClass: boolean
}

/** The counts of every sample. `call` holds the slots of the call's options. */
export function countCases(
  plan: ScorePlan,
  engine: Engine,
  prediction: unknown,
  reference: unknown,
  call: readonly unknown[],
  threads: number,
): CaseCounts[] {
  const pair = pairOf(plan, prediction, reference, call)
  const { geometry, decision } = pair
  const { regions, labels } = columnsOf(plan, engine, pair)
  const counts = new Float64Array(geometry.samples * regions.length * 3)
  const valid = new Float64Array(geometry.samples)
  const countCall: CountCall = {
    prediction: pair.prediction,
    kind: decision,
    threshold: plan.threshold,
    classes: geometry.classes,
    samples: geometry.samples,
    pixels: geometry.pixels,
    channelsLast: geometry.channelsLast,
    reference: pair.reference,
    perClass: pair.perClass,
    regions,
    ignoreIndex: plan.ignoreIndex,
    counts,
    valid,
    threads,
  }
  const fault = engine.count(countCall)
  if (fault !== undefined) throw notWhole(fault, pair)
  const found = decision === 'labels' && plan.regions === undefined
  return Array.from(valid, (pixels, n) => {
    const row = counts.subarray(n * regions.length * 3, (n + 1) * regions.length * 3)
    return { labels, counts: selected(row, regions, labels), valid: pixels, found }
  })
}

/** Of planes, the columns that were asked for; of labels, all that were counted. */
function selected(row: Float64Array, regions: readonly (readonly number[])[], labels: readonly number[]): Float64Array {
  if (labels.length === regions.length) return row.slice()
  return Float64Array.from(labels.flatMap((c) => [...row.subarray(c * 3, c * 3 + 3)]))
}

/** What is counted, and what its columns are called. */
interface Columns {
  readonly regions: readonly (readonly number[])[]
  readonly labels: readonly number[]
}

function columnsOf(plan: ScorePlan, engine: Engine, pair: Pair): Columns {
  const { decision, perClass, geometry } = pair
  const { classes } = geometry
  const given = plan.regions
  if (given !== undefined) {
    const labels = given.map((members, k) => (plan.numbered ? k : members[0]!))
    if (perClass && decision === 'argmax') return planesOf(plan, labels, classes)
    return { regions: given, labels }
  }
  if (decision === 'labels') {
    const found = new Set([...engine.labels(pair.reference), ...engine.labels(pair.prediction)])
    if (plan.ignoreIndex !== undefined) found.delete(plan.ignoreIndex)
    const labels = [...found].filter(Number.isInteger).toSorted((a, b) => a - b)
    const large = labels.find((label) => label < LABEL.min || label > LABEL.max)
    if (large !== undefined) throw tooLarge(large)
    return { regions: labels.map((label) => [label]), labels }
  }
  const single = classes === 1
  const labels = single ? [plan.maskValue ?? 1] : Array.from({ length: classes }, (_, c) => c)
  if (!perClass) checkLabels(plan, engine, pair, single ? [0, ...labels] : labels)
  return { regions: labels.map((label) => [label]), labels }
}

/** Labels beyond this could not be told from each other, and would silently be background. */
function tooLarge(label: number): Error {
  return masklossError({
    code: 'ERR_MASKLOSS_LABEL',
    argument: 'reference or prediction',
    expected: `labels below ${LABEL.max + 1} in size`,
    actual: `${label}`,
    remedy: 'number the labels anew, or pass ignoreIndex if it marks pixels that are left out',
  })
}

/** A reference of planes has one for every class: all are counted, and the classes asked for are taken out. */
function planesOf(plan: ScorePlan, labels: readonly number[], classes: number): Columns {
  const foreign = plan.numbered ? undefined : labels.find((label) => label < 0 || label >= classes)
  if (plan.numbered || foreign !== undefined) {
    throw masklossError({
      code: 'ERR_MASKLOSS_OPTION_CONFLICT',
      argument: plan.numbered ? 'regions' : 'labels',
      expected: plan.numbered ? 'a label map as the reference' : `class ids below ${classes}`,
      actual: plan.numbered ? 'one plane a class' : `${foreign}`,
      remedy: 'pass labels that have a plane in the reference',
    })
  }
  return { regions: Array.from({ length: classes }, (_, c) => [c]), labels }
}

/** Reads both tensors. All code of the caller runs in the first lines. */
function pairOf(plan: ScorePlan, prediction: unknown, reference: unknown, call: readonly unknown[]): Pair {
  const predicted = recognize(prediction, 'prediction')
  const target = recognize(reference, 'reference')
  const shape = copyShape(shapeOf(predicted, call[SHAPE]), 'shape')
  const geometry = geometryOf(shape, plan.layout, predicted.image)
  checkLength(predicted.data, geometry.length, geometry.shape, 'prediction')
  const scores = labelArray(predicted)
  const decision = decisionOf(plan, predicted, scores, geometry)
  checkPlan(plan, decision, geometry)
  const labels = labelArray(target)
  const perClass = isPerClass(plan, decision, target, labels, geometry)
  if (perClass) checkPlanes(plan, labels, geometry)
  return { geometry, decision, prediction: scores, reference: labels, perClass }
}

/** The label map layouts of each rank, for the remedy when class scores were read into a label map. */
const LABEL_LAYOUTS: readonly string[] = ['', "'W'", "'HW'", "'NHW' or 'DHW'", "'NDHW'"]

function decisionOf(plan: ScorePlan, prediction: Tensor, data: LabelArray, geometry: Geometry): Decision {
  if (plan.decision !== undefined) return plan.decision
  const whole = !prediction.dtype.startsWith('float') || isWhole(data)
  if (geometry.classes === 1) return whole && plan.maskValue === undefined ? 'labels' : 'threshold'
  if (!whole) return 'argmax'
  const layouts = LABEL_LAYOUTS[geometry.shape.length]
  throw masklossError({
    code: 'ERR_MASKLOSS_OPTION_MISSING',
    argument: 'decision',
    expected: "'argmax' or 'threshold'",
    actual: `nothing, with ${geometry.classes} classes of whole numbers (${list(geometry.shape)} read as ${geometry.layout})`,
    remedy: layouts === undefined ? 'say how they decide' : `pass layout: ${layouts} if these are labels`,
  })
}

function isWhole(data: LabelArray): boolean {
  for (const value of data) if (!Number.isInteger(Number(value))) return false
  return true
}

/** Options that contradict how the prediction is read. */
function checkPlan(plan: ScorePlan, decision: Decision, { classes, layout }: Geometry): void {
  const wrong = (argument: string, expected: string, actual: string, remedy: string): MasklossError =>
    masklossError({ code: 'ERR_MASKLOSS_OPTION_CONFLICT', argument, expected, actual, remedy })
  if (decision === 'labels' && classes > 1) {
    throw wrong('decision', `class scores for layout '${layout}'`, "'labels'", "pass a layout without C, or 'argmax'")
  }
  if (decision === 'argmax' && classes === 1) {
    throw wrong('decision', 'several classes', "'argmax' of one class", "pass decision: 'threshold', or 'labels'")
  }
  if (decision === 'threshold' && plan.regions !== undefined && plan.regions.length !== classes) {
    const argument = plan.numbered ? 'regions' : 'labels'
    throw wrong(
      argument,
      `one for each class of the prediction (${classes})`,
      `${plan.regions.length}`,
      'with a threshold, plane k of the prediction is region k',
    )
  }
  if (plan.maskValue !== undefined && (decision === 'labels' || classes > 1)) {
    throw wrong(
      'maskValue',
      'class scores of one class',
      decision === 'labels' ? 'a label map' : `${classes} classes`,
      'pass labels to say which labels are scored',
    )
  }
}

function isPerClass(
  plan: ScorePlan,
  decision: Decision,
  reference: Tensor,
  data: LabelArray,
  geometry: Geometry,
): boolean {
  const { shape } = reference
  const pixels = geometry.samples * geometry.pixels
  const length = lengthOf(reference.data)
  const asLabels = shape === undefined ? length === pixels : isOneOfShapes(shape, geometry.labelShapes)
  const asPlanes = shape === undefined ? length === geometry.length : isOneOfShapes(shape, geometry.classShapes)
  let perClass = asPlanes && decision !== 'labels'
  if (plan.target !== undefined) perClass = plan.target === 'per-class'
  else if (perClass && asLabels) perClass = reference.dtype.startsWith('float') && !isWhole(data)
  if (!(perClass ? asPlanes && decision !== 'labels' : asLabels)) {
    throw masklossError({
      code: 'ERR_MASKLOSS_SHAPE',
      argument: 'reference',
      expected: `labels of shape ${list(geometry.labelShapes[0]!)}${decision === 'labels' ? '' : ` or planes of shape ${list(geometry.shape)}`}`,
      actual: shape === undefined ? `${length} elements` : list(shape),
      remedy: 'the prediction comes first, the reference second, and both cover the same pixels',
    })
  }
  if (shape !== undefined) checkLength(reference.data, perClass ? geometry.length : pixels, shape, 'reference')
  return perClass
}

/** Planes that are none: an ignored class without a plane, a label map taken for planes, classes on the last axis. */
function checkPlanes({ ignoreIndex, target }: ScorePlan, planes: LabelArray, geometry: Geometry): void {
  const { classes, samples, pixels } = geometry
  if (ignoreIndex !== undefined && !(ignoreIndex >= 0 && ignoreIndex < classes)) {
    throw masklossError({
      code: 'ERR_MASKLOSS_OPTION_CONFLICT',
      argument: 'ignoreIndex',
      expected: `a class id below ${classes}, whose plane marks the pixels to ignore`,
      actual: `${ignoreIndex}`,
      remedy: 'pass a label map to ignore a label that is no class',
    })
  }
  if (target !== undefined) return
  const index = planes.findIndex((value: number | bigint) => !(value >= 0 && value <= 1))
  if (index >= 0) {
    throw masklossError({
      code: 'ERR_MASKLOSS_TARGET',
      argument: 'reference',
      expected: `${classes} planes of values in [0, 1]`,
      actual: `${planes[index]} in ${samples * classes * pixels} values of shape ${list(geometry.shape)}`,
      remedy: "pass target: 'per-class' if these are planes; labels have one value a pixel",
    })
  }
  if (geometry.defaulted && isPlaneArray(planes) && looksChannelsLast(planes, geometry)) {
    throw channelsLastError(geometry, 'reference')
  }
}

function isPlaneArray(data: LabelArray): data is PlaneArray {
  return data instanceof Uint8Array || data instanceof Float32Array || data instanceof Float64Array
}

/** Labels of the reference that no class has would silently be background: a 0/255 mask would score 0. */
function checkLabels(plan: ScorePlan, engine: Engine, pair: Pair, known: readonly number[]): void {
  const foreign = engine
    .labels(pair.reference)
    .find((label) => Number.isInteger(label) && label !== plan.ignoreIndex && !known.includes(label))
  if (foreign === undefined) return
  const { geometry } = pair
  const index = pair.reference.findIndex((label: number | bigint) => Number(label) === foreign)
  const single = geometry.classes === 1
  throw masklossError({
    code: 'ERR_MASKLOSS_LABEL',
    argument: 'reference',
    expected: single ? `labels 0 and ${known.at(-1)}` : `labels 0 to ${geometry.classes - 1}`,
    actual: `${foreign}`,
    remedy: single
      ? `pass maskValue: ${foreign} if this label is the foreground of a binary mask`
      : 'pass labels to score only some, or ignoreIndex to leave these pixels out',
    at: placeOf(index, geometry),
  })
}

function placeOf(index: number, geometry: Geometry): { sample: number; pixel: number[] } {
  const sample = Math.floor(index / geometry.pixels)
  return { sample, pixel: coordinates(index - sample * geometry.pixels, geometry.spatial) }
}

function notWhole(fault: Fault, pair: Pair): MasklossError {
  const index = fault.sample * pair.geometry.pixels + fault.pixel
  const inReference = !pair.perClass && !Number.isInteger(Number(pair.reference[index]))
  return masklossError({
    code: 'ERR_MASKLOSS_LABEL',
    argument: inReference ? 'reference' : 'prediction',
    expected: 'whole-numbered labels',
    actual: `${fault.value}`,
    remedy: inReference
      ? 'labels are integers; planes have the shape of the prediction'
      : "pass decision: 'threshold' if these are class scores",
    at: placeOf(index, pair.geometry),
  })
}
