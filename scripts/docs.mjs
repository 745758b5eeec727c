// `npm run docs`: the API pages, in docs/api.
import { run } from './project.mjs'
import { install, setup } from './setup.mjs'
import { isFresh, make } from './steps.mjs'

await setup()
const typedoc = install('docs/typedoc')
if (!isFresh(typedoc)) await make(typedoc)
const { code } = await run([
  process.execPath,
  'docs/typedoc/node_modules/typedoc/bin/typedoc',
  '--options',
  'docs/typedoc/typedoc.json',
])
process.exitCode = code
