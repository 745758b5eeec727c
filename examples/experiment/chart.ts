/** Panels with axes and curves, as SVG. */

/** What an axis shows: from, to, and where lines and numbers stand. */
export interface Axis {
  readonly from: number
  readonly to: number
  readonly ticks: readonly number[]
  /** Whether the ticks have their numbers. Default `true`. */
  readonly numbers?: boolean
  readonly label?: string
  /** What is drawn in equal steps. Default: the value. */
  readonly scale?: (value: number) => number
}

/** Shares near 0 and near 1 alike. */
export const logit = (share: number): number => Math.log(share / (1 - share))

export interface Curve {
  readonly x: readonly number[]
  /** Where it is null or NaN, the curve has a gap. */
  readonly y: readonly (number | null)[]
  readonly color: string
  /** Lengths of dash and gap. */
  readonly dash?: string
}

export interface Panel {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
  readonly title?: string
  readonly x: Axis
  readonly y: Axis
  readonly curves: readonly Curve[]
}

const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

export interface TextOptions {
  readonly anchor?: 'start' | 'middle' | 'end'
  readonly size?: number
  readonly turned?: boolean
}

export function text(
  x: number,
  y: number,
  content: string,
  { anchor = 'start', size = 11, turned = false }: TextOptions = {},
): string {
  const turn = turned ? ` transform="rotate(-90 ${x} ${y})"` : ''
  return `<text x="${x}" y="${y}" font-size="${size}" text-anchor="${anchor}"${turn}>${escape(content)}</text>`
}

/** Where a value lies on an axis of a length. */
function place({ from, to, scale = Number }: Axis, value: number, length: number): number {
  return ((scale(value) - scale(from)) / (scale(to) - scale(from))) * length
}

/** The path of a curve, in steps of a tenth; far beyond the panel, where it is cut off, numbers stay small. */
function path(curve: Curve, panel: Panel): string {
  let last: readonly [across: number, down: number] | undefined
  let d = ''
  curve.x.forEach((value, i) => {
    const height = place(panel.y, curve.y[i] ?? NaN, panel.height)
    if (Number.isNaN(height)) {
      last = undefined
      return
    }
    const down = Math.min(Math.max(panel.height - height, -panel.height), 2 * panel.height)
    const next = [Math.round(10 * place(panel.x, value, panel.width)), Math.round(10 * down)] as const
    d +=
      last === undefined
        ? `M${next[0] / 10} ${next[1] / 10}`
        : `l${(next[0] - last[0]) / 10} ${(next[1] - last[1]) / 10}`
    last = next
  })
  const dash = curve.dash === undefined ? '' : ` stroke-dasharray="${curve.dash}"`
  return `<path d="${d}" stroke="${curve.color}"${dash}/>`
}

/** A panel: frame, ticks, labels, and its curves, cut off at the frame. */
export function draw(panel: Panel): string {
  const { left, top, width, height, title, x, y, curves } = panel
  const bottom = top + height
  return [
    ...(title === undefined ? [] : [text(left + width / 2, top - 6, title, { anchor: 'middle', size: 12 })]),
    ...y.ticks.map((tick) => {
      const at = bottom - place(y, tick, height)
      const line = `<line x1="${left}" x2="${left + width}" y1="${at.toFixed(1)}" y2="${at.toFixed(1)}" stroke="#e4e4e4"/>`
      return y.numbers === false
        ? line
        : line + text(left - 5, Number((at + 4).toFixed(1)), String(tick), { anchor: 'end', size: 10 })
    }),
    ...(x.numbers === false ? [] : x.ticks).map((tick) =>
      text(Number((left + place(x, tick, width)).toFixed(1)), bottom + 14, String(tick), {
        anchor: 'middle',
        size: 10,
      }),
    ),
    ...(x.label === undefined ? [] : [text(left + width / 2, bottom + 29, x.label, { anchor: 'middle' })]),
    ...(y.label === undefined ? [] : [text(left - 36, top + height / 2, y.label, { anchor: 'middle', turned: true })]),
    `<svg x="${left}" y="${top}" width="${width}" height="${height}" fill="none" stroke-width="1.2" stroke-linejoin="round">`,
    ...curves.map((curve) => path(curve, panel)),
    '</svg>',
    `<rect x="${left}" y="${top}" width="${width}" height="${height}" fill="none" stroke="#888"/>`,
  ].join('\n')
}

/** A line of names with their strokes, from `left` on. */
export function legend(
  entries: readonly (Pick<Curve, 'color' | 'dash'> & { name: string })[],
  left: number,
  top: number,
): string {
  let at = left
  return entries
    .map(({ name, color, dash }) => {
      const stroke = `<line x1="${at}" x2="${at + 26}" y1="${top - 4}" y2="${top - 4}" stroke="${color}" stroke-width="2" stroke-dasharray="${dash ?? 'none'}"/>`
      const label = text(at + 32, top, name)
      at += 52 + 7 * name.length
      return stroke + label
    })
    .join('\n')
}

/** A whole picture. */
export function picture(width: number, height: number, parts: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="11">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n')
}
