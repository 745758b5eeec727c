/** The tables of the README's section on speed, of the best level on all threads. */
import { bestRows, differs, type PeerRow } from './peers.ts'
import { timesFloor, workloadKey, type Mode, type Row } from './rows.ts'
import { duration } from './table.ts'
import { workloads } from './workloads.ts'

/** Everything but the first column to the right. */
function markdown([head, ...rows]: readonly (readonly string[])[]): string {
  const rule = head!.map((_, column) => (column === 0 ? '---' : '---:'))
  return [head!, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |\n`).join('')
}

const factor = (value: number | undefined): string =>
  value === undefined || Number.isNaN(value) ? '–' : value.toPrecision(value < 10 ? 2 : 3)

/** A line for each workload, then, if other libraries were measured, how many times longer each of them takes. */
export function readmeTables(rows: readonly Row[], peers: readonly PeerRow[], small: boolean): string {
  const threads = Math.max(...rows.filter(({ suite }) => suite === 'workloads').map((row) => row.threads))
  const best = bestRows(rows)
  const of = (name: string, mode: Mode): Row | undefined => best.get(`${workloadKey(name, mode)} ${threads}`)
  const measured = workloads(small).filter(({ name }) => of(name, 'forward') !== undefined)
  const cellsOf = (row: Row | undefined): string[] =>
    row === undefined ? ['–', '–'] : [duration(row.ours.median), factor(timesFloor(row))]

  const ours = measured.map(({ name, title, shape }) => {
    const [forward, gradient] = [of(name, 'forward'), of(name, 'gradient')]
    const last = gradient ?? forward!
    const overPlain = last.reference && last.reference.median / last.ours.median
    return [`${name} ${title}, [${shape.join(', ')}]`, ...cellsOf(forward), ...cellsOf(gradient), factor(overPlain)]
  })
  const head = ['workload', 'forward', '× floor', 'with gradient', '× floor', '× plain TypeScript, 1 thread']
  const table = markdown([head, ...ours])
  const libraries = [...new Set(peers.map(({ peer }) => peer))]
  if (libraries.length === 0) return table

  const theirs = measured.map(({ name, hasGradient }) => {
    const mode: Mode = hasGradient ? 'gradient' : 'forward'
    const timesOurs = (library: string): string => {
      const row = peers.find((each) => {
        const { peer } = each
        return peer === library && each.name === name && each.mode === mode && each.threads === threads
      })
      return row === undefined ? '–' : `${factor(row.taken.median / row.ours.median)}${differs(row) ? ' ≠' : ''}`
    }
    return [name, ...libraries.map(timesOurs)]
  })
  const compared = theirs.filter(([, ...cells]) => cells.some((cell) => cell !== '–'))
  return `${table}\n${markdown([['time / ours', ...libraries], ...compared])}`
}
