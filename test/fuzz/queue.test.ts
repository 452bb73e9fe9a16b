import { serialize } from 'node:v8'
import { createPostgresBackend, type Job, Queue } from 'bullmq'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Service, serve } from '../../src/bullmq.ts'
import { TaskWorker } from '../../src/worker.ts'
import { cleanUp } from '../servers/clean-up.ts'
import { describeEachServer } from '../servers/describe-each-server.ts'
import { queueName } from '../servers/queues.ts'
import type { TestServer } from '../servers/test-server.ts'
import { mutated } from './mutated.ts'
import { watchPrototypes } from './prototypes.ts'
import { patience, runs } from './runs.ts'

/** How many messages are sent before real calls have to be answered again. */
const TOGETHER = 25
const USUAL = 4

/** What is sent: the job of a call, or an event to callers or to workers. */
type Message =
  | { readonly to: 'queue'; readonly name: string; readonly data: unknown }
  | { readonly to: 'callers' | 'workers'; readonly fields: Readonly<Record<string, string>> }

/** How often a function that is served has begun. */
let begun = 0

async function echo(value: unknown): Promise<unknown> {
  begun += 1
  return value
}

async function refuse(): Promise<never> {
  begun += 1
  throw Object.assign(new RangeError('refused', { cause: new TypeError('cause') }), { code: 'ERR_REFUSED' })
}

function open({ kind, url }: TestServer, name: string): Queue {
  if (kind === 'redis') return new Queue(name, { connection: { url } })
  return new Queue(name, { connection: { connectionString: url } }, createPostgresBackend) as unknown as Queue
}

/** The arguments of calls of all kinds, whose jobs and results are what is mutated. */
const ARGUMENTS: readonly unknown[] = [
  1,
  'text',
  { a: [1, { b: null }] },
  new Map([[1, new Date(0)]]),
  [new Error('one')],
]

/** An attack that worked once: a path of a packed error that leads into a prototype. What comes near it is tried, too. */
const POLLUTING = { value: [{}], errors: [{ path: ['__proto__', 'polluted'], thrown: { value: true } }] }

/** What callers and workers say beside the jobs; that of a call is said of another one, which has ended. */
function eventsOf(job: Job): Message[] {
  const jobId = job.id as string
  const { args } = job.data
  const failure = `failed\n#taskscope threw ${args}`
  return [
    { to: 'callers', fields: { event: 'active', jobId, prev: 'waiting' } },
    { to: 'callers', fields: { event: 'progress', jobId, data: '{"done":1,"total":2}' } },
    { to: 'callers', fields: { event: 'completed', jobId, returnvalue: JSON.stringify(args) } },
    { to: 'callers', fields: { event: 'failed', jobId, failedReason: failure } },
    { to: 'callers', fields: { event: 'removed', jobId } },
    { to: 'callers', fields: { event: 'ask', jobId, request: '1', what: args } },
    { to: 'callers', fields: { event: 'worker', id: 'worker', slots: '1', functions: '["echo"]' } },
    { to: 'callers', fields: { event: 'stream', jobId, run: 'run' } },
    { to: 'callers', fields: { event: 'items', jobId, run: 'run' } },
    { to: 'callers', fields: { event: 'priorities' } },
    { to: 'workers', fields: { event: 'cancel', jobId, reason: args } },
    { to: 'workers', fields: { event: 'answer', jobId, request: '1', result: args } },
    { to: 'workers', fields: { event: 'answer', jobId, request: '1', error: args } },
    { to: 'workers', fields: { event: 'credit', jobId, run: 'run', total: '16' } },
    { to: 'workers', fields: { event: 'who' } },
    { to: 'workers', fields: { event: 'worker', id: 'worker', slots: '1', functions: '["echo"]' } },
  ]
}

function mutatedMessage(message: Message): fc.Arbitrary<Message> {
  if (message.to === 'queue') {
    const unknown = fc.constantFrom('toString', 'constructor', '__proto__', 'process.exit', '', 'echo ')
    const names = fc.oneof(unknown, { weight: 9, arbitrary: fc.constant(message.name) })
    return fc.record({ to: fc.constant('queue'), name: names, data: mutated(message.data) })
  }
  const { event = '', ...fields } = message.fields
  return mutated(fields).map(changed => {
    const texts = Object.entries(Object(changed)).map(([key, part]) => [
      key,
      typeof part === 'string' ? part : JSON.stringify(part),
    ])
    return { to: message.to, fields: { ...Object.fromEntries(texts), event } }
  })
}

describeEachServer('messages that are not as this library writes them', server => {
  const name = queueName('fuzz')
  const where = { queue: name, connection: server.url }
  const said: string[] = []
  const logger = { error: (error: unknown, message: string) => void said.push(`${message}: ${error}`) }
  const recorded: Message[] = []
  let service: Service
  let caller: TaskWorker
  let queue: Queue
  let control: Queue

  beforeAll(async () => {
    queue = open(server, name)
    control = open(server, `${name}.control`)
    service = await serve([echo, refuse], { ...where, logger })
    caller = await TaskWorker.start({ mode: 'distributed', ...where, logger })
    await Promise.allSettled([...ARGUMENTS.map(value => caller.submit(echo, value)), caller.submit(refuse)])
    const jobs = await queue.getJobs()
    expect(jobs.length).toBe(ARGUMENTS.length + 1)
    const args = `v${serialize(POLLUTING).toString('base64')}`
    recorded.push({ to: 'queue', name: 'echo', data: { args, task: [1, 1] } })
    for (const job of jobs) recorded.push({ to: 'queue', name: job.name, data: job.data }, ...eventsOf(job))
  })

  afterAll(async () => {
    await caller.close({ timeout: 0 })
    await service.close({ timeout: 0 })
    await Promise.all([queue.close(), control.close()])
    await cleanUp(server, name)
  })

  /** Some can't even be sent: the server takes no NUL, or the engine no such name. */
  async function send(message: Message): Promise<void> {
    if (message.to === 'queue')
      await queue.add(message.name, message.data, { removeOnComplete: true, removeOnFail: true })
    else
      await (message.to === 'callers' ? queue : control)
        .getBackend()
        .publishEvent({ ...message.fields, event: message.fields.event as string }, 10_000)
  }

  it(
    'change nothing for the calls that run meanwhile',
    async () => {
      const unchanged = watchPrototypes()
      const before = begun - service.stats().done - service.stats().failed
      const [jobs, events] = [true, false].map(job => recorded.filter(({ to }) => (to === 'queue') === job))
      const message = fc
        .oneof(fc.constantFrom(...(jobs ?? [])), fc.constantFrom(...(events ?? [])))
        .chain(mutatedMessage)
      const property = fc.asyncProperty(
        fc.array(message, { minLength: TOGETHER, maxLength: TOGETHER }),
        async messages => {
          const calls = ARGUMENTS.map(value => caller.submit(echo, value))
          const failure = caller.submit(refuse).then(undefined, error => error)
          await Promise.allSettled(messages.map(send))
          expect(await Promise.all(calls)).toEqual(ARGUMENTS)
          expect(await failure).toMatchObject({ message: 'refused', code: 'ERR_REFUSED', cause: { message: 'cause' } })
          expect(await caller.submit(echo, 'after')).toBe('after')
          // Nothing has run but those: a task that ended without its function would be one too many.
          const { done, failed } = service.stats()
          expect(begun - before).toBeGreaterThanOrEqual(done + failed)
          unchanged()
        },
      )
      await fc.assert(property, { ...runs(USUAL), endOnFailure: true })
      expect(await caller.submit(echo, said.length)).toBe(said.length)
    },
    patience(10 * USUAL),
  )
})
