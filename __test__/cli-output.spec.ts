import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, lstatSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'

import test from 'ava'

import { folderOf, maskloss } from './cli-process.ts'
import { png } from './files-writers.ts'

const image = png({ width: 2, height: 1, values: [0, 1] })
const onPosix = process.platform === 'win32' ? test.skip : test

function scoring(folder: string, output: string) {
  return maskloss('score', join(folder, 'a.png'), join(folder, 'a.png'), '--format', 'json', '--output', output)
}

const isReport = (text: string) => (JSON.parse(text) as { cases: unknown[] }).cases.length === 1

onPosix('--output writes to what links lead to, and leaves the links', async (t) => {
  const root = folderOf({ 'a.png': image, 'real/old.json': Buffer.from('old'), 'links/x': Buffer.from('') })
  chmodSync(join(root, 'real/old.json'), 0o640)
  symlinkSync('../real/old.json', join(root, 'links/old.json'))
  symlinkSync('../real/new.json', join(root, 'links/new.json'))
  for (const name of ['old.json', 'new.json']) {
    const ended = await scoring(root, join(root, 'links', name))
    t.deepEqual(ended, { status: 0, stdout: '', stderr: '' })
    t.true(lstatSync(join(root, 'links', name)).isSymbolicLink())
    t.true(isReport(readFileSync(join(root, 'real', name), 'utf8')))
  }
  t.is(statSync(join(root, 'real/old.json')).mode & 0o777, 0o640)
  t.deepEqual(readdirSync(join(root, 'real')).toSorted(), ['new.json', 'old.json'])
})

onPosix('--output writes into pipes and devices', async (t) => {
  const root = folderOf({ 'a.png': image })
  const pipe = join(root, 'pipe')
  execFileSync('mkfifo', [pipe])
  const [ended, text] = await Promise.all([scoring(root, pipe), readFile(pipe, 'utf8')])
  t.is(ended.status, 0)
  t.true(isReport(text))
  t.true(statSync(pipe).isFIFO())

  symlinkSync('/dev/null', join(root, 'null'))
  t.is((await scoring(root, join(root, 'null'))).status, 0)
  t.true(statSync(join(root, 'null')).isCharacterDevice())

  const shown = await scoring(root, '/dev/stdout')
  t.is(shown.status, 0)
  t.true(isReport(shown.stdout))
})

test('an --output that cannot be written is refused before anything is read', async (t) => {
  const root = folderOf({ 'a.png': image, 'folder/b.png': image })
  const places: [string, RegExp][] = [
    [join(root, 'none', 'out.json'), /found no such folder at/],
    [join(root, 'folder'), /found a folder at/],
    [`${join(root, 'new')}/`, /found a folder at/],
    [join(root, 'a.png', 'out.json'), /found (?:a file where a folder should be|no such folder) at/],
  ]
  for (const [place, message] of places) {
    // The paths to score do not exist: a complaint about them would show that they were looked at first.
    const ended = await maskloss('score', 'no-predictions', 'no-references', '--output', place)
    t.deepEqual([ended.status, ended.stdout], [2, ''], place)
    t.regex(ended.stderr, message)
  }
  const wrong = await maskloss('score', 'no-predictions', 'no-references', '--output', join(root, 'out.json'))
  t.regex(wrong.stderr, /found nothing at "no-predictions"/)
  t.deepEqual(readdirSync(root).toSorted(), ['a.png', 'folder'])
})

onPosix('links in a circle are no --output', async (t) => {
  const root = folderOf({ 'a.png': image })
  symlinkSync('two', join(root, 'one'))
  symlinkSync('one', join(root, 'two'))
  const ended = await scoring(root, join(root, 'one'))
  t.is(ended.status, 2)
  t.regex(ended.stderr, /found links in a circle at/)
})

onPosix('a run that waits for the reader of a pipe can be interrupted', async (t) => {
  const root = folderOf({ 'a.png': image })
  const pipe = join(root, 'pipe')
  execFileSync('mkfifo', [pipe])
  const main = new URL('../src/cli/main.ts', import.meta.url).pathname
  const file = join(root, 'a.png')
  const command = ['--import=@oxc-node/core/register', main, 'score', file, file, '--output', pipe]
  const child = spawn(process.execPath, command, { stdio: 'ignore' })
  const ended = once(child, 'exit')
  await setTimeout(3000)
  child.kill('SIGINT')
  const [status] = (await Promise.race([ended, setTimeout(10_000, ['still running'])])) as unknown[]
  child.kill('SIGKILL')
  // On a busy machine the signal can come before the program listens to it, and ends it without a status.
  t.true(status === 130 || status === null, String(status))
})
