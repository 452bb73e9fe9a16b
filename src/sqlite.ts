/**
 * A store in one file.
 *
 * @module taskscope/sqlite
 */

export { type SqliteStoreOptions, sqliteStore } from './store/sqlite/sqlite-store.ts'
