import fc from 'fast-check'
import { expect, it } from 'vitest'
import * as face from '../../../src/compat/p-map.ts'
import { describeOriginal, expectSame, original, overall, play, programs, Stage, type Step } from './program.ts'

const FILE = 'p-map/index.js'
const KINDS = ['value', 'promise', 'rejected', 'skipped', 'thrown'] as const
type Item = (typeof KINDS)[number]
type Ends = readonly Step<'end'>[]

const options = fc.record({ concurrency: fc.integer({ min: 1, max: 4 }), stopOnError: fc.boolean() })
const items = fc.array(fc.constantFrom(...KINDS, 'value', 'value', 'promise'), { maxLength: 8 })

/** What is in the input and what its mapper does: it is told by the value. */
function input(kinds: readonly Item[]) {
  return kinds.map((kind, index) => {
    if (kind === 'rejected') return Promise.reject(new Error(`input ${index}`)) as Promise<string>
    return kind === 'promise' ? Promise.resolve(`promise ${index}`) : `${kind} ${index}`
  })
}

function mapper({ pMapSkip }: typeof face, stage: Stage) {
  return (item: string, index: number) => {
    if (item.startsWith('thrown')) throw new Error(`mapper ${index}`)
    return stage.work(`${item} at ${index}`).then(result => (item.startsWith('skipped') ? pMapSkip : result))
  }
}

/** A rejection of the input may be looked at late, or never. */
function quiet<T>(given: T[]): T[] {
  for (const one of given) Promise.resolve(one).catch(() => {})
  return given
}

async function list(of: typeof face, kinds: readonly Item[], steps: Ends, given: object) {
  const stage = new Stage()
  stage.watch('list', of.default(quiet(input(kinds)), mapper(of, stage), given))
  return play(
    steps,
    ({ n, ok }) => stage.end(n, ok),
    () => stage.running,
    stage,
  )
}

async function iterated(of: typeof face, kinds: readonly Item[], steps: Ends, given: { concurrency: number }) {
  const stage = new Stage()
  const { concurrency } = given
  const loop = async () => {
    const results = of.pMapIterable(quiet(input(kinds)), mapper(of, stage), {
      concurrency,
      backpressure: concurrency + 1,
    })
    for await (const result of results) stage.say('results', result)
  }
  stage.watch('loop', loop())
  return play(
    steps,
    ({ n, ok }) => stage.end(n, ok),
    () => stage.running,
    stage,
  )
}

describeOriginal(FILE, () => {
  it.each([
    ['list', list],
    ['iterable', iterated],
  ])('maps to a %s in random programs', async (_, run) => {
    const real = await original<typeof face>(FILE)
    await expectSame(fc.tuple(items, programs('end'), options), async ([kinds, steps, given]) => {
      // The face rejects once the work that runs has stopped.
      const [ours, theirs] = [await run(face, kinds, steps, given), await run(real, kinds, steps, given)]
      expect(overall(ours)).toEqual(overall(theirs))
    })
  })
})
