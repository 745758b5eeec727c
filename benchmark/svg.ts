/** The chart of the documentation: each workload on all threads, as times its floor, on a logarithmic axis. */
import { bestRows, type PeerRow } from './peers.ts'
import { describeMode, workloadKey, type Row } from './rows.ts'

const WIDTH = 960
const LEFT = 430
const RIGHT = 30
const TOP = 64
const LINE = 26
const RADIUS = 5
/** Ours, best level first; then the others. */
const LEVEL_COLORS = ['#0b6e4f', '#3aa17e', '#7fc8a9', '#b9dfcd']
const OTHER_COLORS = ['#d1495b', '#edae49', '#30638e', '#8f6bb3', '#c97b63', '#56a3c9', '#b0578d', '#6d6875']

interface Dot {
  readonly series: string
  readonly times: number
}

interface Line {
  readonly label: string
  readonly dots: readonly Dot[]
}

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

/** Medians over the floor of the best level. */
function linesOf(rows: readonly Row[], peers: readonly PeerRow[]): Line[] {
  const threads = Math.max(...rows.map((row) => row.threads))
  const measured = rows.filter((row) => row.suite === 'workloads' && row.threads === threads)
  const lines: Line[] = []
  for (const best of bestRows(measured).values()) {
    const { name, mode, title, bytes, functions, reference } = best
    const floor = Math.max(bytes?.median ?? NaN, functions?.median ?? 0)
    const isSame = (other: { name: string; mode: Row['mode']; threads: number }): boolean =>
      other.threads === threads && workloadKey(other.name, other.mode) === workloadKey(name, mode)
    const dots = [
      ...measured.filter(isSame).map((row) => ({ series: row.level, times: row.ours.median / floor })),
      ...peers.filter(isSame).map(({ peer, taken }) => ({ series: peer, times: taken.median / floor })),
      ...(reference === undefined ? [] : [{ series: 'plain TypeScript', times: reference.median / floor }]),
    ]
    lines.push({ label: `${name} ${title}, ${describeMode(mode)}`, dots: dots.filter((dot) => dot.times > 0) })
  }
  return lines
}

/** The chart as the text of an SVG file. */
export function chart(rows: readonly Row[], peers: readonly PeerRow[], caption: string): string {
  const lines = linesOf(rows, peers)
  const series = [...new Set(lines.flatMap(({ dots }) => dots.map((dot) => dot.series)))]
  const all = lines.flatMap(({ dots }) => dots.map((dot) => dot.times))
  const [least, most] = [Math.floor(Math.log10(Math.min(0.9, ...all))), Math.ceil(Math.log10(Math.max(10, ...all)))]
  const x = (times: number): number => LEFT + ((Math.log10(times) - least) / (most - least)) * (WIDTH - LEFT - RIGHT)
  const y = (line: number): number => TOP + (line + 0.5) * LINE
  const bottom = TOP + lines.length * LINE
  const levels = [...new Set(rows.map((row) => row.level))]
  const others = series.filter((name) => !levels.includes(name))
  const color = (name: string): string =>
    (levels.includes(name) ? LEVEL_COLORS[levels.indexOf(name)] : OTHER_COLORS[others.indexOf(name)]) ?? '#222'
  const height = bottom + 44

  const axis = Array.from({ length: most - least + 1 }, (_, index) => 10 ** (least + index)).map(
    (tick) =>
      `<line x1="${x(tick).toFixed(1)}" y1="${TOP}" x2="${x(tick).toFixed(1)}" y2="${bottom}" stroke="${tick === 1 ? '#555' : '#ddd'}"/>` +
      `<text x="${x(tick).toFixed(1)}" y="${bottom + 16}" text-anchor="middle">${tick}×</text>`,
  )
  const legend = series.map(
    (name, index) =>
      `<circle cx="${20 + (index % 6) * 150}" cy="${36 + Math.floor(index / 6) * 18}" r="${RADIUS}" fill="${color(name)}"/>` +
      `<text x="${30 + (index % 6) * 150}" y="${40 + Math.floor(index / 6) * 18}">${escape(name)}</text>`,
  )
  const body = lines.flatMap(({ label, dots }, line) => [
    `<text x="${LEFT - 10}" y="${y(line) + 4}" text-anchor="end">${escape(label)}</text>`,
    ...dots
      .toReversed()
      .map(
        ({ series: name, times }) =>
          `<circle cx="${x(times).toFixed(1)}" cy="${y(line)}" r="${RADIUS}" fill="${color(name)}">` +
          `<title>${escape(name)}: ${times.toPrecision(3)} × the floor</title></circle>`,
      ),
  ])
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    `<text x="15" y="18" font-size="14">Time of a call over its floor (its bytes touched, its exponentials taken), all threads. ${escape(caption)}</text>`,
    ...legend,
    ...axis,
    ...body,
    `<text x="${WIDTH - RIGHT}" y="${bottom + 34}" text-anchor="end">times the floor, logarithmic</text>`,
    '</svg>',
    '',
  ].join('\n')
}
