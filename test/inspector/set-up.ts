import { onTestFinished } from 'vitest'
import {
  type InspectorHandler,
  type InspectorHandlerOptions,
  type InspectorTargets,
  inspectorHandler,
} from '../../src/inspector.ts'

/** A handler that is closed when the test has ended. */
export function opened(targets: InspectorTargets, options?: InspectorHandlerOptions): InspectorHandler {
  const handler = inspectorHandler(targets, options)
  onTestFinished(() => handler.close())
  return handler
}

export function get(path: string, headers: Record<string, string> = {}): Request {
  return new Request(`http://127.0.0.1:4600${path}`, { headers })
}

export function post(body: unknown, headers: Record<string, string> = {}): Request {
  return new Request('http://127.0.0.1:4600/api/action', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
}

// biome-ignore lint/suspicious/noExplicitAny: what a page would read
export async function bodyOf(response: Response | Promise<Response>): Promise<any> {
  return (await response).json()
}

/** What a page is shown first. */
// biome-ignore lint/suspicious/noExplicitAny: what a page would read
export async function firstPicture(handler: InspectorHandler): Promise<any> {
  const response = await handler(get('/api/events'))
  const reader = (response.body as ReadableStream<Uint8Array>).getReader()
  const { value } = await reader.read()
  await reader.cancel()
  return JSON.parse(new TextDecoder().decode(value).replace(/^data: /, ''))
}
