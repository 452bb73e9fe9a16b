import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { freeVariables } from '../../../src/worker/functions/source-of.ts'

const REFER = fileURLToPath(new URL('../../fixtures/worker/refer.ts', import.meta.url))

async function printed(...flags: readonly string[]): Promise<string> {
  const args = ['--disable-warning=ExperimentalWarning', '--disable-warning=SecurityWarning', ...flags, REFER]
  return (await promisify(execFile)(process.execPath, args)).stdout.trim()
}

describe('the free variables of a function', () => {
  it.each([
    ['x => x', []],
    ['x => y', ['y']],
    ['x => x.y', []],
    ['x => x?.y[z]', ['z']],
    ['() => ({ y: 1, z() {}, get w() { return 1 } })', []],
    ['() => ({ y })', ['y']],
    ['() => ({ [y]: 1 })', ['y']],
    ['({ y: z = w, ...rest }) => [z, rest]', ['w']],
    ['([y, [z]]) => { const y2 = y, z2 = z }', []],
    ['() => { y: for (;;) break y }', []],
    ['() => { try {} catch (y) { y } }', []],
    ['() => { try {} catch (y) {} return y }', ['y']],
    ['() => { { let y } return y }', ['y']],
    ['() => { { var y } return y }', []],
    ['() => { y(); function y() {} }', []],
    ['() => { for (const y of z) y }', ['z']],
    ['(x = y) => { var y }', ['y']],
    ['() => { y = 1 }', ['y']],
    ['() => { y++ }', ['y']],
    ['() => class y extends z { static w = y; #v = v; [u]() { super.t } }', ['z', 'v', 'u']],
    ['function y() { return y }', []],
    ['async () => { for await (const x of y) await z }', ['y', 'z']],
    ['function* () { yield* y }', ['y']],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is a source
    ['() => `y ${z} ${`${w}`}`', ['z', 'w']],
    ['() => /y/.test("z") /* w */ // v', []],
    ['() => 1 / y / 2', ['y']],
    ['() => y`z`', ['y']],
    ['() => new y(...z)', ['y', 'z']],
    ['() => typeof y', ['y']],
    ['async () => (await import("y")).z', []],
    ['() => $ + ünï + _', ['$', 'ünï', '_']],
    ['() => async + of + get + from', ['async', 'of', 'get', 'from']],
    ['() => undefined', ['undefined']],
    ['() => 1e5 + 0xff + 10n', []],
  ])('of %s are %j', (source, names) => {
    expect(new Set(freeVariables(`(${source}\n)`))).toEqual(new Set(names))
  })

  it('are unknown where the source evaluates more', () => {
    expect(freeVariables('(x => eval(x))')).toBeUndefined()
  })

  it('are found in long functions too', () => {
    const source = `() => { ${Array.from({ length: 2000 }, (_, i) => `const v${i} = w${i}`).join(';')} }`
    expect(freeVariables(`(${source})`)).toHaveLength(2000)
  })

  it('are unknown without the inspector, and the function is sent', async () => {
    expect(await printed()).toBe('SerializationError')
    expect(await printed('--permission', '--allow-fs-read=*')).toBe('source')
  })
})
