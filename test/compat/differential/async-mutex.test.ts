import fc from 'fast-check'
import { expect, it } from 'vitest'
import * as face from '../../../src/compat/async-mutex.ts'
import { describeOriginal, expectSame, original, play, programs, Stage, type Step } from './program.ts'

const FILE = 'async-mutex/index.mjs'
const OF_SEMAPHORE = ['acquire', 'acquire', 'run', 'end', 'release', 'releaser', 'wait', 'set', 'cancel'] as const
const OF_MUTEX = ['acquire', 'run', 'end', 'release', 'releaser', 'wait', 'cancel'] as const

async function semaphore(
  { Semaphore }: typeof face,
  steps: readonly Step<(typeof OF_SEMAPHORE)[number]>[],
  value: number,
) {
  const stage = new Stage()
  const locks = new Semaphore(value)
  const releasers: (() => void)[] = []
  let waits = 0
  const wait = (waited: Promise<void>, index: number) => {
    waits += 1
    stage.watch(
      `wait ${index}`,
      waited.finally(() => (waits -= 1)),
    )
  }
  return play(
    steps,
    ({ call, n, m, ok }, _, index) => {
      if (call === 'acquire') {
        const acquired = locks.acquire(n + 1, m).then(([had, release]) => {
          releasers.push(release)
          return had
        })
        stage.watch(`acquire ${index}`, acquired)
      }
      if (call === 'run') {
        const work = (had: number) => stage.work(`work ${index} of ${had}`)
        stage.watch(`run ${index}`, locks.runExclusive(work, n + 1, m))
      }
      if (call === 'end') stage.end(n, ok)
      if (call === 'release') stage.attempt('release', () => locks.release(n + 1))
      if (call === 'releaser') releasers.at(-1 - n)?.()
      if (call === 'wait') wait(locks.waitForUnlock(n + 1, m), index)
      if (call === 'set') locks.setValue(n)
      // async-mutex leaves those who wait for an unlocked one waiting.
      if (call === 'cancel' && waits === 0) locks.cancel()
    },
    () => [locks.getValue(), locks.isLocked()],
    stage,
  )
}

async function mutex({ Mutex }: typeof face, steps: readonly Step<(typeof OF_MUTEX)[number]>[]) {
  const stage = new Stage()
  const lock = new Mutex()
  const releasers: (() => void)[] = []
  let waits = 0
  const wait = (waited: Promise<void>, index: number) => {
    waits += 1
    stage.watch(
      `wait ${index}`,
      waited.finally(() => (waits -= 1)),
    )
  }
  return play(
    steps,
    ({ call, n, m, ok }, _, index) => {
      if (call === 'acquire') {
        const acquired = lock.acquire(m).then(release => void releasers.push(release))
        stage.watch(`acquire ${index}`, acquired)
      }
      if (call === 'run')
        stage.watch(
          `run ${index}`,
          lock.runExclusive(() => stage.work(`work ${index}`), m),
        )
      if (call === 'end') stage.end(n, ok)
      if (call === 'release') lock.release()
      if (call === 'releaser') releasers.at(-1 - n)?.()
      if (call === 'wait') wait(lock.waitForUnlock(m), index)
      if (call === 'cancel' && waits === 0) lock.cancel()
    },
    () => lock.isLocked(),
    stage,
  )
}

describeOriginal(FILE, () => {
  it('grants the permits of a semaphore as in random programs', async () => {
    const real = await original<typeof face>(FILE)
    await expectSame(fc.tuple(programs(...OF_SEMAPHORE), fc.nat({ max: 4 })), async ([steps, value]) => {
      expect(await semaphore(face, steps, value)).toEqual(await semaphore(real, steps, value))
    })
  })

  it('locks a mutex as in random programs', async () => {
    const real = await original<typeof face>(FILE)
    await expectSame(programs(...OF_MUTEX), async steps => {
      expect(await mutex(face, steps)).toEqual(await mutex(real, steps))
    })
  })
})
