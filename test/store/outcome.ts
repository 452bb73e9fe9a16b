/** How something went, for another process to read: `'done'`, or what it rejected with. */
export type StoreOutcome = 'done' | { readonly code: unknown; readonly message: string }

export async function storeOutcome(doing: Promise<unknown>): Promise<StoreOutcome> {
  try {
    await doing
    return 'done'
  } catch (error) {
    const { code, message } = error as Error & { readonly code?: unknown }
    return { code, message }
  }
}
