import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

import test from 'ava'

import { failureText } from '../src/cli/run.ts'
import { UsageError } from '../src/cli/usage.ts'
import { runtime } from '../src/index.ts'
import { folderOf, masklossWith } from './cli-process.ts'
import { png } from './files-writers.ts'

const image = png({ width: 2, height: 1, values: [0, 1] })

const wrong: Record<string, string>[] = [
  { MASKLOSS_BACKEND: 'x' },
  // Only the native engine has these.
  ...(runtime().backend === 'native' ? [{ MASKLOSS_SIMD: 'foo' }, { MASKLOSS_THREADS: '0' }] : []),
]

for (const variables of wrong) {
  const [name] = Object.keys(variables) as [string]
  test(`a wrong ${name} is one sentence and status 2`, async (t) => {
    const file = join(folderOf({ 'a.png': image }), 'a.png')
    for (const args of [['--version'], ['score', file, file]]) {
      const ended = await masklossWith(variables, ...args)
      t.deepEqual([ended.status, ended.stdout], [2, ''], args.join(' '))
      t.regex(ended.stderr, new RegExp(`^maskloss: Expected .+ for ${name} but found .+; change .+\\.\\n$`))
    }
  })
}

test('failures are sentences, without a stack and without control characters', (t) => {
  t.is(failureText(new Error('no\x1b[2J')), 'maskloss: no\\u{1b}[2J\n')
  t.is(failureText('text'), 'maskloss: text\n')
  t.is(failureText(new UsageError('wrong')), 'maskloss: wrong\nSee maskloss score --help\n')
})

const onFull = existsSync('/dev/full') ? test : test.skip

onFull('a full disk under standard output or --output is status 2', (t) => {
  const file = join(folderOf({ 'a.png': image }), 'a.png')
  const main = new URL('../src/cli/main.ts', import.meta.url).pathname
  const command = `"$0" --import=@oxc-node/core/register "$1" score "$2" "$2"`
  for (const end of ['> /dev/full', '--output /dev/full']) {
    const ended = spawnSync('sh', ['-c', `${command} ${end}`, process.execPath, main, file], { encoding: 'utf8' })
    t.is(ended.status, 2, end)
    t.regex(ended.stderr, /^maskloss: .*(?:ENOSPC|no space left).*\n(?:See .+\n)?$/)
  }
})
