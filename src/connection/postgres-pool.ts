import type { Client, Pool } from 'pg'
import { type CleanError, cleanErrors } from './driver-errors.ts'
import { endWhenSilent } from './heartbeat.ts'

type Method = (...args: unknown[]) => unknown

/**
 * Has a pool and its clients reject, call back and emit with clean errors. The driver's own have the client that they come
 * from, the password included, and rows that were refused. Clients whose connection has fallen silent end.
 */
export function cleanPool(pool: Pool, options: unknown): Pool {
  const clean = cleanErrors(options)
  cleanAnswers(pool, 'connect', clean)
  cleanEvents(pool, clean)
  pool.on('connect', client => {
    cleanAnswers(client, 'query', clean)
    cleanEvents(client, clean)
    // One that is taken from the pool has no listener by itself: its loss would end the process.
    client.on('error', () => {})
    endWhenSilent((client as Client).connection.stream, () => client.query('SELECT 1'))
  })
  return pool
}

/** It answers by a promise, or by the function that it gets last. */
function cleanAnswers<K extends string>(target: { [P in K]: unknown }, name: K, clean: CleanError): void {
  const method = (target[name] as Method).bind(target)
  const cleaned: Method = (...args) => {
    const answer = args.at(-1)
    if (typeof answer === 'function') {
      args[args.length - 1] = (error: unknown, ...values: unknown[]) => answer(error && clean(error), ...values)
    }
    const result = method(...args)
    if (!(result instanceof Promise)) return result
    return result.catch(error => {
      throw clean(error)
    })
  }
  Object.assign(target, { [name]: cleaned })
}

function cleanEvents(target: { emit: unknown }, clean: CleanError): void {
  const emit = (target.emit as Method).bind(target)
  const cleaned: Method = (event, error, ...rest) => emit(event, event === 'error' ? clean(error) : error, ...rest)
  Object.assign(target, { emit: cleaned })
}

type Options = Readonly<Record<string, unknown>>

/**
 * The options of a pool whose clients have this search path, beside all that their own `options` say. The driver takes those
 * of the URL before those of the pool, and those of the environment only where neither has any.
 */
export function withSearchPath(given: Options, schema: string): Options {
  const { connectionString } = given
  const [, url, query] = /^([^?]*)\?(.*)$/s.exec(typeof connectionString === 'string' ? connectionString : '') ?? []
  const parameters = new URLSearchParams(query)
  const ofUrl = parameters.getAll('options').at(-1)
  const own = (ofUrl ?? given.options) || process.env.PGOPTIONS || ''
  const options = `${own} -c search_path=${schema}`.trim()
  if (ofUrl === undefined) return { ...given, options }
  parameters.set('options', options)
  return { ...given, options, connectionString: `${url}?${parameters}` }
}
