import type { PoolOptions } from '../../../src/worker/pool/pool-options.ts'
import { WorkerPool } from '../../../src/worker/pool/worker-pool.ts'
import { settle } from '../../harness.ts'
import { GatedHost } from './gated-host.ts'

/** A pool of gated hosts, with its calls told apart by a number. */
export function gatedPool(options: PoolOptions = {}) {
  const hosts: GatedHost[] = []
  const pool = new WorkerPool(
    () => {
      const host = new GatedHost(hosts.length + 1)
      hosts.push(host)
      return host
    },
    { maxWorkers: 2, ...options },
  )
  const call = (id: number, signal = new AbortController().signal) => {
    const outcome = pool.call(
      {
        function: { kind: 'module', url: 'file:///x.ts', name: 'x' },
        args: [id],
        task: { id, name: `x#${id}`, attempt: 1 },
      },
      { signal, cleanupTimeout: 0, onProgress: () => {}, onRequest: async () => undefined },
    )
    outcome.catch(() => {})
    return outcome
  }
  /** Which calls each living host has. */
  const running = () => hosts.filter(host => !host.gone).map(host => host.calls.map(({ call }) => call.task.id))
  /** Lets the hosts become ready that are starting. */
  const ready = async () => {
    await settle()
    for (const host of hosts) if (host.starting) host.start()
    await settle()
  }
  return { pool, hosts, call, running, ready }
}
