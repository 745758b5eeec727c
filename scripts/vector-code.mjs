// Looks through disassembled code for vector operations that became calls. One missing #[inline(always)] does that: the function
// that was left out of line is compiled without the level's instructions, so that each of its operations becomes a call, and a
// kernel many times slower. Valgrind cannot run AVX-512, so that level is read: its functions may call nothing but slow paths.

/** The functions in which the code of the AVX-512 level is. */
const INSTANCE = /::vectorize_avx512\b/

/** What a kernel may call: the ends of a slow path, and the memory functions of the system. */
const ALLOWED = [
  // Broken data are looked at pixel by pixel, outside of the kernels.
  /^maskloss::.*::(?:first_fault|choose_shifts|poison|non_finite::count|log_blend)$/,
  // These say for themselves which instructions they use.
  /^maskloss::tile::interleaved::(?:load|store)_rows$/,
  // What a block came to goes to memory as an array of numbers.
  /^maskloss::pass::(?:pixel_losses|lovasz)::.*write_span::\{\{closure\}\}$/,
  // Arrays of slices, once a tile; arrays of vectors are filled by loops.
  /^core::array::try_from_fn$/,
  // Panics, and what formats them.
  /^core::(?:panicking|slice::index|option|result)::/,
  // A vector that grows, once a call.
  /::reserve::/,
  /^(?:memcpy|memset|memmove|bcmp|memcmp)(?:@|$)/,
]

/** An operation of the SIMD crate, at any level: it is a function of its own only where it was not inlined. */
const OPERATION = /^<fearless_simd::.* as fearless_simd::.*>::(?!vectorize\b)(\w+)/

/** Splits the lines of `objdump -d -C` into functions. */
function functionsOf(lines) {
  const functions = []
  for (const line of lines) {
    const start = /^([0-9a-f]+) <(.*)>:$/.exec(line)
    if (start) functions.push({ address: start[1].replace(/^0+/, ''), name: start[2], code: [] })
    else functions.at(-1)?.code.push(line.trimEnd())
  }
  return functions
}

/** The function whose start an instruction goes to: a call, or a jump in the last place. */
const TARGET = /\t(?:\w+ )?(?:call|j\w+) .*? <(.*)>$/
const calleeOf = (line) => TARGET.exec(line)?.[1].replace(/.*\+0x[0-9a-f]+$/, '') || undefined

/** What is wrong with the code, a sentence each; nothing, if it is sound. */
export function findCalls(lines) {
  const functions = functionsOf(lines)
  const operationsIn = ({ code }) => code.flatMap((line) => OPERATION.exec(calleeOf(line) ?? '')?.[1] ?? [])
  const broken = functions.filter((each) => operationsIn(each).length > 0)
  const findings = broken.map((each) => `${each.name} calls ${[...new Set(operationsIn(each))].join(', ')}`)
  const instances = functions.filter(({ name }) => INSTANCE.test(name))
  if (instances.length === 0) findings.push('No function of the AVX-512 level was found')
  for (const { address, code } of instances) {
    const goesHere = (line) => calleeOf(line) !== undefined && line.includes(`${address} <`)
    const callers = functions.filter((other) => other.code.some(goesHere)).map(({ name }) => name)
    const place = `The AVX-512 code of ${callers.join(', ') || address}`
    // A call through a register names nothing: those are the memory functions of the system.
    const callees = new Set(
      code
        .filter((line) => !goesHere(line))
        .map(calleeOf)
        .filter((name) => name && !ALLOWED.some((allowed) => allowed.test(name))),
    )
    findings.push(...[...callees].map((name) => `${place} calls ${name}`))
    if (!code.some((line) => line.includes('%zmm'))) findings.push(`${place} has no vector of 512 bits`)
  }
  return findings
}
