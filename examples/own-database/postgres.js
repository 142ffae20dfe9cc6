// A PostgreSQL database as Stockroom's: one table of keys and cells. Any number of processes may share it; whoever commits
// first wins, and the others begin again. This is all that a database has to offer.

/** @import { Changes, KeyRange, Needs, OwnDatabase, Supply } from 'stockroom' */
/** @import { Pool, PoolClient } from 'pg' */

/** The table. Keys are in the order of their bytes, which the database's own language would not keep. */
const TABLE = 'CREATE TABLE IF NOT EXISTS stockroom_cells (key text COLLATE "C" PRIMARY KEY, cell text NOT NULL)';

/** @implements {OwnDatabase} */
export class Postgres {
  #pool;

  /** @param {Pool} pool connections to the primary: a replica may be behind */
  constructor(pool) {
    this.#pool = pool;
  }

  /** Creates the table where there is none. */
  async create() {
    await this.#pool.query(TABLE);
  }

  /**
   * @param {Needs} needs
   * @returns {Promise<Supply>}
   */
  async fetch({ keys, ranges }) {
    const byKey = async () => {
      if (keys.length === 0) return [];
      const { rows } = await this.#pool.query({
        name: 'stockroom-keys',
        text: 'SELECT cell FROM unnest($1::text[]) WITH ORDINALITY AS asked (key, place) LEFT JOIN stockroom_cells USING (key) ORDER BY place',
        values: [keys],
      });
      return rows.map(({ cell }) => cell);
    };
    /** @param {KeyRange} range */
    const inRange = async ({ from, before, limit }) => {
      const { rows } = await this.#pool.query({
        name: 'stockroom-range',
        text: 'SELECT key, cell FROM stockroom_cells WHERE key >= $1 AND key < $2 ORDER BY key LIMIT $3',
        values: [from, before, limit],
        rowMode: 'array',
      });
      return /** @type {Array<[string, string]>} */ (rows);
    };
    const [cells, ...found] = await Promise.all([byKey(), ...ranges.map(inRange)]);
    return { cells, ranges: found };
  }

  /** @param {Changes} changes */
  async commit({ expects, writes }) {
    if (expects === undefined) return true;
    if (writes.length === 0) {
      const { rows } = await this.#pool.query('SELECT cell FROM stockroom_cells WHERE key = $1', [expects.key]);
      return (rows[0]?.cell ?? null) === expects.cell;
    }
    const client = await this.#pool.connect();
    let broken;
    try {
      await client.query('BEGIN');
      const isDone = await this.#write(client, expects, writes);
      // With synchronous_commit on, as it is where nobody turned it off, this returns when the commit is durable.
      await client.query(isDone ? 'COMMIT' : 'ROLLBACK');
      return isDone;
    } catch (error) {
      broken = /** @type {Error} */ (error);
      throw error;
    } finally {
      // A connection that failed in a transaction is not used again.
      client.release(broken);
    }
  }

  /**
   * The expected cell is written first: its row stays locked until the commit, and whoever waited for it then sees that it
   * is another.
   *
   * @param {PoolClient} client
   * @param {NonNullable<Changes['expects']>} expects
   * @param {Changes['writes']} writes
   */
  async #write(client, expects, writes) {
    const cell = writes.find(([key]) => key === expects.key)?.[1];
    const swapped =
      expects.cell === null
        ? await client.query('INSERT INTO stockroom_cells VALUES ($1, $2) ON CONFLICT DO NOTHING', [expects.key, cell])
        : await client.query('UPDATE stockroom_cells SET cell = $2 WHERE key = $1 AND cell = $3', [expects.key, cell, expects.cell]);
    if (swapped.rowCount !== 1) return false;
    const kept = writes.filter(([key, cell]) => cell !== null && key !== expects.key);
    await client.query({
      name: 'stockroom-put',
      text: 'INSERT INTO stockroom_cells SELECT * FROM unnest($1::text[], $2::text[]) ON CONFLICT (key) DO UPDATE SET cell = excluded.cell',
      values: [kept.map(([key]) => key), kept.map(([, cell]) => cell)],
    });
    const gone = writes.filter(([, cell]) => cell === null).map(([key]) => key);
    if (gone.length > 0) await client.query('DELETE FROM stockroom_cells WHERE key = ANY ($1)', [gone]);
    return true;
  }
}
