/**
 * What a user gets: the main package and this platform's, packed as for the registry, installed without network into an empty
 * folder, and run with no Rust toolchain in reach.
 */
import { execFileSync } from 'node:child_process'
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

import test from 'ava'

import { npy } from './files-writers.ts'

/** Most of it is the binary: every loss, once for each SIMD level. */
const LARGEST_INSTALLATION = 5_000_000

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const addon = existsSync(join(root, 'native'))
  ? readdirSync(join(root, 'native')).find((file) => file.endsWith('.node'))
  : undefined
/** Without an addon there is no platform package to pack. */
const packageTest = addon === undefined ? test.skip : test

const npmPath = process.env['npm_execpath']
const npm: [string, ...string[]] = npmPath?.endsWith('npm-cli.js')
  ? [process.execPath, npmPath]
  : process.platform === 'win32'
    ? ['cmd', '/c', 'npm']
    : ['npm']

/** A user's environment: nothing of this npm run, no cargo. */
const environment = {
  ...Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(npm_|MASKLOSS_|CARGO|NODE_OPTIONS)/i.test(name)),
  ),
  PATH: [dirname(process.execPath), ...(process.env['PATH'] ?? '').split(delimiter)]
    .filter((folder) => !['cargo', 'cargo.exe'].some((name) => existsSync(join(folder, name))))
    .join(delimiter),
}

function runIn(cwd: string, [command, ...options]: readonly string[]): string {
  return execFileSync(command!, options, { cwd, env: environment, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

/** Packs a folder into another and names the tarball. */
function pack(folder: string, into: string): string {
  const [{ filename }] = JSON.parse(
    runIn(folder, [...npm, 'pack', '--json', '--ignore-scripts', '--pack-destination', into]),
  ) as [{ filename: string }]
  return join(into, filename)
}

const bytesUnder = (folder: string): number =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => statSync(join(folder, path)))
    .reduce((sum, entry) => sum + (entry.isFile() ? entry.size : 0), 0)

/** The README's examples that import the package and nothing else, each with the lines that its `// →` comments promise. */
function readmeExamples(): { code: string; printed: string[] }[] {
  const blocks = readFileSync(join(root, 'README.md'), 'utf8').matchAll(/^```(?:js|ts)\n([^]*?)^```/gm)
  return [...blocks]
    .map(([, code]) => code!)
    .filter((code) => code.includes(`from 'maskloss'`) && !code.includes(`from '@`))
    .map((code) => ({ code, printed: [...code.matchAll(/\/\/ → (.*)$/gm)].map(([, line]) => line!.trim()) }))
}

packageTest(
  'the packed packages install offline, load their binary, and run the examples of the README and the command',
  (t) => {
    t.timeout(120_000)
    const work = mkdtempSync(join(tmpdir(), 'maskloss-package-'))
    t.teardown(() => rmSync(work, { recursive: true, force: true }))

    const platform = addon!.split('.')[1]!
    const platformFolder = join(work, platform)
    cpSync(join(root, 'npm', platform), platformFolder, { recursive: true })
    copyFileSync(join(root, 'native', addon!), join(platformFolder, addon!))
    const user = join(work, 'user')
    mkdirSync(user)
    writeFileSync(join(user, 'package.json'), '{ "private": true, "type": "module" }')
    const tarballs = [pack(root, work), pack(platformFolder, work)]
    runIn(user, [...npm, 'install', '--offline', '--no-audit', '--no-fund', '--ignore-scripts', ...tarballs])

    const installed = bytesUnder(join(user, 'node_modules'))
    t.true(installed < LARGEST_INSTALLATION, `${installed} bytes installed`)

    writeFileSync(
      join(user, 'runtime.js'),
      `import { runtime } from 'maskloss'\nconsole.log(JSON.stringify(runtime()))\n`,
    )
    t.like(JSON.parse(runIn(user, [process.execPath, 'runtime.js'])), { backend: 'native' })

    const examples = readmeExamples()
    t.true(examples.length > 0)
    for (const { code, printed } of examples) {
      writeFileSync(join(user, 'example.js'), code)
      t.deepEqual(runIn(user, [process.execPath, 'example.js']).trim().split('\n'), printed)
    }

    writeFileSync(join(user, 'prediction.npy'), npy('|u1', [2, 3], [1, 1, 0, 0, 0, 0]))
    writeFileSync(join(user, 'reference.npy'), npy('|u1', [2, 3], [1, 0, 0, 0, 0, 0]))
    const command = [
      'exec',
      '--offline',
      '--',
      'maskloss',
      'score',
      'prediction.npy',
      'reference.npy',
      '--format',
      'json',
    ]
    const report = JSON.parse(runIn(user, [...npm, ...command])) as {
      numerics: string
      cases: { labels: { dice: number }[] }[]
    }
    t.regex(report.numerics, /^native\//)
    t.is(report.cases[0]?.labels[0]?.dice, 2 / 3)
  },
)
