/** A report as JSON. */

import { safeJson } from './names.ts'
import type { Report } from './report.ts'

/** Writes the report: `cases`, `labelMeans`, `mean`, `lossMeans`, `errors`; NaN is null. */
export function jsonOf(report: Report, version: string): string {
  const { numerics, cases, ...rest } = report
  const rows = cases.map(({ losses, ...row }) => ({ ...row, losses: losses ?? null }))
  return `${safeJson({ maskloss: version, numerics, cases: rows, ...rest })}\n`
}
