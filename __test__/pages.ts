/** Pages and programs of the documentation: what they promise to print, and what they print. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import test from 'ava'

/** The project's folder. */
export const root: string = dirname(import.meta.dirname)

/** A file of the project. */
export const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')

/** What a program promises to print: the comments that begin with an arrow. */
export const promised = (code: string): string[] => [...code.matchAll(/\/\/ → (.*)$/gm)].map(([, line]) => line!)

/** Runs a program in the project, where 'maskloss' is the built package, and gives the lines it printed. */
export function printed(args: readonly string[], code = ''): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const child = execFile(process.execPath, args, { cwd: root }, (error, stdout) => {
      if (error === null) resolve(stdout.trimEnd().split('\n'))
      else reject(error)
    })
    child.stdin?.end(code)
  })
}

/**
 * A test for every block of JavaScript on a page. A first block that promises nothing to print holds the lines that all others begin
 * with.
 */
export function testBlocks(page: string): void {
  const blocks = [...read(page).matchAll(/^```js\n([\s\S]*?)^```$/gm)].map(([, code]) => code!)
  const [first] = blocks
  const shared = first !== undefined && promised(first).length === 0 ? first : ''
  for (const [index, code] of blocks.slice(shared === '' ? 0 : 1).entries()) {
    test(`block ${index + 1} of ${page} prints what it says`, async (t) => {
      t.true(promised(code).length > 0)
      t.deepEqual(await printed(['--input-type=module', '-'], shared + code), promised(code))
    })
  }
}
