import { expect, it } from 'vitest'
import { nearest } from '../../src/base/options.ts'

const NAMES = ['timeout', 'retries', 'maxTasks', 'maxPending', 'fn']

it.each([
  ['timout', 'timeout'],
  ['timeoutt', 'timeout'],
  ['timeuot', 'timeout'],
  ['TIMEOUT', 'timeout'],
  ['num_retries', 'retries'],
  ['max_tasks', 'maxTasks'],
  ['f', 'fn'],
  ['concurrency', undefined],
  ['', undefined],
  [`timeout${' '.repeat(1_000_000)}`, undefined],
])('%j is most like %j', (mistyped, name) => {
  expect(nearest(mistyped, NAMES)).toBe(name)
})

it('nothing is like a name when there are none', () => {
  expect(nearest('timeout', [])).toBeUndefined()
})
