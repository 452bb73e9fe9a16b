/** The part of cli-progress that is used. */
export type CliProgress = Pick<typeof import('cli-progress').Format, 'BarFormat'>

let loading: Promise<CliProgress | undefined> | undefined
let loaded: CliProgress | undefined

/** cli-progress, `undefined` when it is not installed: an optional peer, loaded when the first bar is drawn. */
export function loadBars(): Promise<CliProgress | undefined> {
  loading ??= import('cli-progress').then(
    module => {
      loaded = module.default.Format
      return loaded
    },
    () => undefined,
  )
  return loading
}

/** The same, if it has been loaded by now. */
export function loadedBars(): CliProgress | undefined {
  return loaded
}
