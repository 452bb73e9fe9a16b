import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, it } from 'vitest'
import { MUTATIONS } from '../../scripts/mutations/list.ts'
import { mutate } from '../../scripts/mutations/mutation.ts'

const ROOT = resolve(import.meta.dirname, '../..')

it('lists mutations that can still be made', () => {
  const stale = MUTATIONS.filter(mutation => {
    const source = readFileSync(join(ROOT, mutation.file), 'utf8')
    const mutated = mutate(source, mutation)
    return mutated === undefined || mutated === source
  })
  expect(stale.map(({ name }) => name)).toEqual([])
})
