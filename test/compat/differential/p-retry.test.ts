import fc from 'fast-check'
import { expect, it } from 'vitest'
import * as face from '../../../src/compat/p-retry.ts'
import { describeOriginal, expectSame, original, Stage } from './program.ts'

const FILE = 'p-retry/index.js'
const ENDS = ['works', 'fails', 'fails', 'fails', 'mistaken', 'offline', 'gives up', 'no error'] as const

const program = fc.record({
  ends: fc.array(fc.constantFrom(...ENDS), { minLength: 1, maxLength: 6 }),
  retries: fc.nat({ max: 4 }),
  factor: fc.integer({ min: 1, max: 3 }),
  consumed: fc.array(fc.boolean(), { maxLength: 4 }),
  wanted: fc.array(fc.constantFrom(true, true, true, false), { maxLength: 4 }),
  told: fc.boolean(),
})
type Program = typeof program extends fc.Arbitrary<infer P> ? P : never

async function run({ default: pRetry, AbortError }: typeof face, given: Program) {
  const { ends, retries, factor, consumed, wanted, told } = given
  const stage = new Stage()
  const context = (name: string) => (seen: object) => {
    const { error, ...numbers } = seen as { error: Error }
    stage.say(name, error, numbers)
  }
  const input = (attempt: number) => {
    stage.say('attempts', attempt)
    const end = ends[Math.min(attempt, ends.length) - 1]
    if (end === 'works') return `attempt ${attempt}`
    if (end === 'mistaken') throw new TypeError('a mistake')
    if (end === 'offline') throw new TypeError('fetch failed')
    if (end === 'gives up') throw new AbortError(`gave up at ${attempt}`)
    if (end === 'no error') throw 'text'
    throw new Error(`failure ${attempt}`)
  }
  const decide = (answers: readonly boolean[], name: string) => {
    let asked = 0
    return (seen: object) => {
      context(name)(seen)
      return answers[asked++] ?? true
    }
  }
  await pRetry(input, {
    retries,
    factor,
    minTimeout: 0,
    ...(told && {
      onFailedAttempt: context('failed'),
      shouldConsumeRetry: decide(consumed, 'consume'),
      shouldRetry: decide(wanted, 'again'),
    }),
  }).then(
    value => stage.say('outcome', value),
    error => stage.say('outcome', error),
  )
  return stage.log
}

describeOriginal(FILE, () => {
  it('tries again as often, and tells as much, in random programs', async () => {
    const real = await original<typeof face>(FILE)
    await expectSame(program, async given => {
      expect(await run(face, given)).toEqual(await run(real, given))
    })
  })
})
