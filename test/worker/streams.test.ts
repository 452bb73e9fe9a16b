import { describe, expect, it } from 'vitest'
import type { TaskStream } from '../../src/index.ts'
import { TaskWorker, task, WorkerCrashedError } from '../../src/worker.ts'
import { countTo, dieOnce } from '../fixtures/worker/mode-functions.ts'
import { collect, failureOf } from '../work.ts'

const module = new URL('../fixtures/worker/mode-functions.ts', import.meta.url)

describe.each(['thread', 'process'] as const)('a stream from a %s', mode => {
  it('begins anew when its worker died before an item was read, and fails afterwards', async () => {
    await using worker = await TaskWorker.start({ mode, module, maxWorkers: 1, retry: { retries: 1, wait: 1 } })
    const unread = worker.submit(dieOnce, 5)
    await unread.done
    expect(await collect(unread)).toEqual([1, 2, 3, 4, 5].map(item => `2.${item}`))
    const items: string[] = []
    const readAll = async (stream: TaskStream<string>) => {
      for await (const item of stream) items.push(item)
    }
    expect(await failureOf(readAll(worker.submit(dieOnce, 5)))).toBeInstanceOf(WorkerCrashedError)
    expect(items).toEqual([1, 2, 3, 4, 5].map(item => `1.${item}`))
  })

  it('shares its worker with others, whose loops set their own pace', async () => {
    await using worker = await TaskWorker.start({ mode, module, maxWorkers: 1, concurrencyPerWorker: 2 })
    const waiting = worker.submit(countTo, 1_000)
    expect(await collect(worker.submit(countTo, 500))).toHaveLength(500)
    expect(waiting.status).toBe('running')
    expect(await collect(waiting)).toHaveLength(1_000)
  })

  it('comes of a function whose source is sent', async () => {
    await using letters = task(
      async function* letters(text: string) {
        for (const letter of text) yield letter.toUpperCase()
      },
      { mode },
    )
    expect(await collect(letters('abc'))).toEqual(['A', 'B', 'C'])
  })
})

describe('a method as a task', () => {
  it('gives a stream when it is an async generator', async () => {
    const context = { kind: 'method', name: 'books', addInitializer() {} } as unknown as ClassMethodDecoratorContext
    async function* books(this: { readonly books: readonly string[] }, prefix: string): AsyncIterable<string> {
      for (const book of this.books) yield prefix + book
    }
    const shelf = { books: ['one', 'two'], read: task({ buffer: 1 })(books, context as never) }
    const stream: TaskStream<string> = shelf.read('book ')
    expect(await collect(stream)).toEqual(['book one', 'book two'])
  })
})

describe('a stream of a stream', () => {
  it('is read and left through both', async () => {
    const log: string[] = []
    await using inner = task(async function* inner() {
      try {
        for (let item = 1; ; item += 1) yield item
      } finally {
        log.push('inner')
      }
    })
    await using worker = await TaskWorker.start()
    const outer = worker.submit(inner)
    for await (const item of outer as unknown as AsyncIterable<number>) if (item === 3) break
    expect(log).toEqual(['inner'])
    expect(inner.stats()).toMatchObject({ cancelled: 1, running: 0 })
  })
})
