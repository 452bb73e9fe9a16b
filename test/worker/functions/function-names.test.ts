import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, it } from 'vitest'
import { functionFromModule, functionsInModule } from '../../../src/worker/functions/function-from-module.ts'
import { temporaryFolder } from '../../servers/temporary-folder.ts'

const TASK = new URL('../../../src/worker.ts', import.meta.url).href

function moduleWith(code: string, extension = 'mjs'): string {
  const path = join(temporaryFolder(), `tasks.${extension}`)
  writeFileSync(path, code)
  return pathToFileURL(path).href
}

it.each([
  ['exports', 'export const a = () => 1; export function b() {}; export const c = 3', 'mjs', ['a', 'b']],
  ['the default export', 'export default function last() {}', 'mjs', ['last']],
  ['a default export without a name', 'export default (0, () => 1)', 'mjs', ['default']],
  ['one with two names', 'const a = () => 1; export { a, a as b }', 'mjs', ['a', 'b']],
  ['one that is the default export, too', 'export const a = () => 1; export { a as default }', 'mjs', ['a']],
  ['the one that a module of CommonJS is', 'module.exports = function a() {}', 'cjs', ['a']],
  ['those of CommonJS', `const n = 'b'; exports.a = () => 1; exports[n] = () => 2`, 'cjs', ['a', 'b']],
  ['no function at all', 'export const c = 3', 'mjs', []],
])('the functions of a module are %s', async (_, code, extension, names) => {
  const functions = await functionsInModule(moduleWith(code, extension))
  expect(functions.map(({ name }) => name)).toEqual(names)
})

it('the functions of a module are those it passes to task(), exported or not, by each of their names', async () => {
  const url = moduleWith(`
    import { task } from '${TASK}'
    const hidden = () => 1
    task(hidden, { module: import.meta.url })
    export const plain = () => 2
    export const wrapped = task(plain, { module: import.meta.url, name: 'named' })`)
  const functions = await functionsInModule(url)
  expect(functions).toMatchObject([
    { name: 'hidden', task: true },
    { name: 'named', task: true },
    { name: 'plain', task: true },
    { name: 'wrapped', task: true },
  ])
  for (const { name } of functions) expect(await functionFromModule(url, name)).toBeTypeOf('function')
})

it('what every object has is no function of a module', async () => {
  const url = moduleWith('module.exports = { a() { return 1 } }', 'cjs')
  expect(await functionFromModule(url, 'a')).toBeTypeOf('function')
  for (const name of ['toString', 'constructor', 'valueOf']) {
    await expect(functionFromModule(url, name)).rejects.toThrow(`no function named '${name}'`)
  }
})
