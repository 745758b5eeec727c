// `npm run vectors -- FOLDER`: the recorded numbers of other libraries through `conventions`, from the sources.
import { run, tool } from './project.mjs'
import { setup } from './setup.mjs'

await setup()
const [node] = tool('')
const { code } = await run(
  [node, '--import=@oxc-node/core/register', '__test__/vectors/main.ts', ...process.argv.slice(2)],
  { show: 'stdout' },
)
process.exitCode = code
