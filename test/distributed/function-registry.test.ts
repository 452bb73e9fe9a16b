import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'
import { functionsOfModule, listedFunctions } from '../../src/distributed/serve/function-registry.ts'
import { temporaryFolder } from '../servers/temporary-folder.ts'

const TASK = new URL('../../src/worker.ts', import.meta.url).href

function moduleWith(code: string, extension = 'mjs'): string {
  const path = join(temporaryFolder(), `tasks.${extension}`)
  writeFileSync(path, code)
  return pathToFileURL(path).href
}

describe('the functions of a module that are served', () => {
  it.each([
    ['a function of Node', "export { readFileSync } from 'node:fs'", 'readFileSync'],
    ['a function of Node by another name', "export { execSync as run } from 'node:child_process'", 'run'],
    ['all functions of a part of Node', "export * from 'node:dns'", 'lookup'],
    ['the object of a part of Node', "export { default } from 'node:child_process'", 'spawnSync'],
    [
      'a part of a part of Node',
      "import { promises } from 'node:fs'; export const { readFile } = promises",
      'readFile',
    ],
    ['a function of the process', "export { kill } from 'node:process'", 'kill'],
    ['eval', 'export const evaluate = eval', 'evaluate'],
    ['a method of the language', 'export const { assign } = Object', 'assign'],
    ['a constructor of the language', 'const made = Function; export { made as default }', 'default'],
    ['fetch', 'export const load = fetch', 'load'],
    ['a class', 'export class Big {}', 'Big'],
  ])('are those it has made, and not %s', async (_, code, name) => {
    const book = await functionsOfModule(moduleWith(`${code}\nexport const own = () => 1`))
    expect(book.names).toEqual(['own'])
    expect(book.leftOut).not.toEqual([])
    await expect(book.find(name)).rejects.toThrow(`exports '${name}', and this worker does not serve it`)
    expect(await book.find('own')).toBeTypeOf('function')
  })

  it('are those of CommonJS that it has made', async () => {
    const book = await functionsOfModule(moduleWith("module.exports = { ...require('node:os'), own() {} }", 'cjs'))
    expect(book.names).toEqual(['own'])
    await expect(book.find('homedir')).rejects.toThrow('does not serve it')
  })

  it('are those it passes to task(), no matter who has made them', async () => {
    const url = moduleWith(`
      import { task } from '${TASK}'
      import { readFileSync, statSync } from 'node:fs'
      task(readFileSync, { module: import.meta.url })
      export { statSync }
      export const size = task(statSync, { name: 'size' })`)
    const book = await functionsOfModule(url)
    expect([book.names.toSorted(), book.leftOut]).toEqual([['readFileSync', 'size', 'statSync'], []])
    for (const name of book.names) expect(await book.find(name)).toBeTypeOf('function')
  })

  it('are those it gathers from other modules, bound ones and proxies', async () => {
    const other = moduleWith('export const a = () => 1')
    const url = moduleWith(`
      export * from '${other}'
      export const b = function b() {}.bind(null)
      export const c = new Proxy(() => 1, {})`)
    expect((await functionsOfModule(url)).names.toSorted()).toEqual(['a', 'b', 'c'])
  })

  it('are announced by each of their names', async () => {
    const url = moduleWith(`
      import { task } from '${TASK}'
      const a = () => 1
      export { a, a as b, a as default }
      export const c = task(function d() {}, { module: import.meta.url })`)
    const { names, find } = await functionsOfModule(url)
    expect(names.toSorted()).toEqual(['a', 'b', 'c', 'd'])
    for (const name of names) expect(await find(name)).toBeTypeOf('function')
  })

  it('are none where only functions of Node are exported', async () => {
    const url = moduleWith("export { readFileSync } from 'node:fs'")
    await expect(functionsOfModule(url)).rejects.toThrow('has no functions to serve')
  })
})

it.each(['constructor', '__proto__', 'toString', 'then', 'default', 'hasOwnProperty'])(
  "a list of functions has none called '%s' that was not given",
  async name => {
    await expect(listedFunctions([() => 1, function own() {}].slice(1)).find(name)).rejects.toThrow(
      `no function named '${name}'; it has own`,
    )
  },
)
