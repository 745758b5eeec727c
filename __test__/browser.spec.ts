import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

import test from 'ava'

import { diceLoss } from '../src/reference/index.ts'

const DIST = new URL('../dist/', import.meta.url)
const CHROMIUM = [process.env['CHROMIUM'], '/usr/bin/chromium', '/usr/bin/google-chrome'].find(
  (path) => path !== undefined && existsSync(path),
)
const browserTest = CHROMIUM === undefined ? test.skip : test
const reason = CHROMIUM === undefined ? ' (skipped: no Chromium here; set CHROMIUM to its path)' : ''

const PAGE = `<!doctype html><title>maskloss</title><output></output><script type="module">
const show = (text) => (document.querySelector('output').textContent = text)
try {
  const { diceLoss } = await import('/reference/index.js')
  const options = { activation: 'softmax', shape: [1, 2, 2, 2], gradient: true }
  const { loss, gradient } = diceLoss(Float32Array.of(2, -1, 0.5, 3, -2, 1, 0, -1), Uint8Array.of(0, 1, 1, 0), options)
  show(JSON.stringify([loss, ...gradient]))
} catch (error) {
  show(String(error))
}
</script>`

/** The browser's own process, once: the page loads the modules as they are, and writes what it computed. */
browserTest(`the reference computes in a browser as it does here${reason}`, async (t) => {
  const server = createServer((request, response) => {
    const path = request.url ?? '/'
    if (path === '/') {
      response.setHeader('content-type', 'text/html').end(PAGE)
      return
    }
    readFile(new URL(`.${path}`, DIST)).then(
      (file) => response.setHeader('content-type', 'text/javascript').end(file),
      () => response.writeHead(404).end(),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const profile = await mkdtemp(join(tmpdir(), 'maskloss-browser-'))
  try {
    const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking']
    const quiet = ['--disable-component-update', '--disable-sync', '--disable-quic', `--user-data-dir=${profile}`]
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    const dump = [...flags, ...quiet, '--virtual-time-budget=10000', '--dump-dom', url]
    const { stdout } = await promisify(execFile)(CHROMIUM!, dump, { timeout: 45_000 })
    const shown = /<output>(.*?)<\/output>/s.exec(stdout)?.[1]
    const { loss, gradient } = diceLoss(Float32Array.of(2, -1, 0.5, 3, -2, 1, 0, -1), Uint8Array.of(0, 1, 1, 0), {
      activation: 'softmax',
      shape: [1, 2, 2, 2],
      gradient: true,
    })
    t.is(shown, JSON.stringify([loss, ...gradient]))
  } finally {
    server.close()
    await rm(profile, { recursive: true, force: true })
  }
})
