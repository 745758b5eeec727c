import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import test from 'ava'

import { pairUp } from '../src/cli/pairs.ts'
import { folderOf } from './cli-process.ts'

// Other systems change such names or refuse them.
const onLinux = process.platform === 'linux' ? test : test.skip

onLinux('a file name that is not UTF-8 is an error that says so', async (t) => {
  const root = folderOf({ 'p/a.png': Buffer.from(''), 'r/a.png': Buffer.from('') })
  const named = (folder: string, name: string) => Buffer.from(`${root}/${folder}/${name}`, 'latin1')
  writeFileSync(named('p', 'both\xe9.png'), '')
  writeFileSync(named('r', 'both\xe9.png'), '')
  writeFileSync(named('p', 'one\xe9.png'), '')
  writeFileSync(named('p', 'one\xe8.png'), '')
  writeFileSync(named('p', 'text\xe9.txt'), '')
  mkdirSync(named('p', 'folder\xe9.png'))
  const cases = await pairUp(join(root, 'p'), join(root, 'r'))
  t.deepEqual(
    cases.map(({ name, fault }) => [name, fault?.code]),
    [
      ['a', undefined],
      ['both\\xe9', 'name-not-utf8'],
      ['one\\xe8', 'name-not-utf8'],
      ['one\\xe9', 'name-not-utf8'],
    ],
  )
  t.is(cases[2]?.fault?.file, join(root, 'p', 'one\\xe8.png'))
  t.regex(cases[2]?.fault?.reason ?? '', /valid UTF-8 .+; rename the file/)
})
