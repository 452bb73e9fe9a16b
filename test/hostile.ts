/** Errors and reasons that can't be read, or that do something when they are: each a fresh one. */
export const HOSTILE: Readonly<Record<string, () => unknown>> = {
  'an error whose name throws': () => withGetter('name'),
  'an error whose message throws': () => withGetter('message'),
  'an error whose cause throws': () => withGetter('cause'),
  'an error whose stack throws': () => withGetter('stack'),
  'an error whose code throws': () => withGetter('code'),
  'an error with a then': () => Object.assign(new Error('thenable'), { then: throwing }),
  'an error that is its own cause': () => {
    const error = new Error('circular')
    error.cause = error
    return error
  },
  'a revoked proxy': () => {
    const { proxy, revoke } = Proxy.revocable(new Error('gone'), {})
    revoke()
    return proxy
  },
  'a proxy whose every trap throws': () =>
    new Proxy(new Error('trapped'), new Proxy({}, { get: () => throwing }) as ProxyHandler<Error>),
  'an object without a prototype': () => Object.create(null),
  'an object whose conversion throws': () => ({ toString: throwing, [Symbol.toPrimitive]: throwing }),
  'an error whose message is a symbol': () => Object.assign(new Error(), { message: Symbol('message') }),
  'a function whose name throws': () => Object.defineProperty(() => {}, 'name', { get: throwing }),
}

function withGetter(key: string): Error {
  return Object.defineProperty(new Error('unreadable'), key, { get: throwing })
}

function throwing(): never {
  throw new Error('it was read')
}
