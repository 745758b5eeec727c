import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import test from 'ava'

import { readTensor } from '../src/files/read.ts'

const folder = new URL('../crates/maskloss-io/tests/fixtures/', import.meta.url)
const lines = readFileSync(new URL('expected.tsv', folder), 'utf8').trimEnd().split('\n')
const list = (text: string) => text.split(',').filter((item) => item !== '')
const numbers = (text: string) => (text === '-' ? undefined : list(text).map(Number))

type Line = [file: string, key: string, dtype: string, shape: string, spacing: string, affine: string, elements: string]

/** Files that NumPy, Nibabel and Pillow wrote, and what these libraries read from them. The Rust readers take the same test. */
test('files of other libraries are read as those read them', async (t) => {
  t.true(lines.length > 80)
  for (const line of lines) {
    const [file, key, dtype, shape, spacing, affine, elements] = line.split('\t') as Line
    const path = fileURLToPath(new URL(file, folder))
    const tensor = await readTensor(path, { key: key === '-' ? undefined : key })
    t.is(tensor.data.constructor.name.replace('Big', '').replace('Array', '').toLowerCase(), dtype, line)
    t.deepEqual(tensor.shape, list(shape).map(Number), line)
    t.deepEqual(tensor.spacing, numbers(spacing), line)
    const wanted = list(elements)
    t.is(tensor.data.length, wanted.length, line)
    wanted.forEach((text, index) => {
      const value = tensor.data[index]
      t.true(typeof value === 'bigint' ? String(value) === text : Object.is(value, parse(text)), `${line}: ${value}`)
    })
    const matrix = numbers(affine)
    t.is(tensor.affine === undefined, matrix === undefined, line)
    matrix?.forEach((value, index) => {
      t.true(Math.abs((tensor.affine?.[index] as number) - value) <= 1e-12 * Math.max(1, Math.abs(value)), line)
    })
  }
})

const parse = (text: string) => (/inf/i.test(text) ? (text.startsWith('-') ? -Infinity : Infinity) : Number(text))
