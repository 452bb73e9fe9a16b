/**
 * Spans and metrics for OpenTelemetry.
 *
 * @module taskscope/otel
 */

export type { Instrumentation, InstrumentOptions } from './otel/instrument.ts'
export { instrument } from './otel/instrument.ts'
