// `npm test`: both runners, then one line that counts both. Arguments go to ava (files, `--match`) and leave cargo out.
import { rustHalf, run, say, tool } from './project.mjs'
import { setup } from './setup.mjs'

const sum = (output, pattern) => [...output.matchAll(pattern)].reduce((before, [, count]) => before + Number(count), 0)

// A runner that ends badly without naming a failure (it did not compile, it crashed) counts as one.
const atLeastOne = (failed, code) => (code !== 0 && failed === 0 ? 1 : failed)

async function rust() {
  const { missing } = rustHalf()
  if (missing) {
    say(`maskloss: Rust tests skipped. ${missing}`)
    return { passed: 0, failed: 0, skipped: 1 }
  }
  const { code, output } = await run(['cargo', 'test', '--workspace', '--locked', '--no-fail-fast'], { show: 'stdout' })
  const count = (word) => sum(output, new RegExp(`^test result: .* (\\d+) ${word};`, 'gm'))
  return { passed: count('passed'), failed: atLeastOne(count('failed'), code), skipped: count('ignored') }
}

async function typescript(options) {
  const command = tool('ava/entrypoints/cli.mjs', ...options)
  // ava prints no total once a test fails, so its lines are counted: two spaces and a tick are a test, deeper ones are its log.
  const { code, output } = await run(command, { show: 'stdout', env: { FORCE_COLOR: '0' } })
  const lines = (pattern) => output.match(pattern)?.length ?? 0
  const failed =
    sum(output, /^ {2}(\d+) (?:tests?|hooks?) failed$/gm) +
    sum(output, /^ {2}(\d+) (?:uncaught exceptions?|unhandled rejections?)$/gm)
  return {
    passed: lines(/^ {2}✔ /gm),
    failed: atLeastOne(failed, code),
    skipped: lines(/^ {2}- \[(?:skip|todo)\] /gm),
  }
}

const options = process.argv.slice(2)
await setup()
const counts = [...(options.length === 0 ? [await rust()] : []), await typescript(options)]
const total = (word) => counts.reduce((before, count) => before + count[word], 0)
const skipped = total('skipped') > 0 ? `, ${total('skipped')} skipped` : ''
console.log(`\n${total('passed')} passed, ${total('failed')} failed${skipped}`)
process.exitCode = total('failed') > 0 ? 1 : 0
