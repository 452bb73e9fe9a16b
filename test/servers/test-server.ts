export type Kind = 'redis' | 'postgres'

/** A server that tests may use; its URL is for drivers and for `connection` options alike. */
export interface TestServer {
  readonly kind: Kind
  readonly url: string
}

export const KINDS: readonly Kind[] = ['redis', 'postgres']

/** How sentences call it. */
export const TITLES: Readonly<Record<Kind, string>> = { redis: 'Redis', postgres: 'PostgreSQL' }
