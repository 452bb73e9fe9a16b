import { expect, it } from 'vitest'
import type { FunctionReference } from '../../../src/worker/functions/refer-to.ts'
import { FunctionNumbers } from '../../../src/worker/parent/worker-calls.ts'

const source = (index: number): FunctionReference => ({ kind: 'source', source: `() => ${index}`, name: '' })

it('a new function takes the number of the one that was called longest ago, once there are 1,000', () => {
  const numbers = new FunctionNumbers()
  const tell = (reference: FunctionReference) => {
    const { number, known } = numbers.of(reference)
    numbers.sent(reference, number)
    return { number, known }
  }
  const [first, second] = [source(0), source(1)]
  tell(first)
  tell(second)
  for (let index = 2; index < 1_000; index += 1) tell(source(index))
  expect(tell(first)).toEqual({ number: 0, known: true })
  expect(tell(source(1_000))).toEqual({ number: 1, known: false })
  expect(tell(source(1_000))).toEqual({ number: 1, known: true })
  expect(tell(second)).toEqual({ number: 2, known: false })
  expect(tell(first)).toEqual({ number: 0, known: true })
})
