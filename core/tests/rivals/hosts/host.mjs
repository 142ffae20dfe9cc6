// The host of the scenarios in Node: documents come in on standard input, one a line, go through the npm package, and
// answers go out. The lines are those of ../child.rs; the package's entry is the first argument. Calls of one process do
// not overlap in JavaScript: callers who come at once take turns, command by command.

import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const { Stockroom, StockroomError } = await import(pathToFileURL(process.argv[2]).href);

let nowMs = 0;
let database;

/** An answer as a line: what a call resolves to, or what it fails with. */
async function answered(call) {
  try {
    const answer = await call();
    return answer === undefined ? 'ok' : `ok\t${JSON.stringify(answer)}`;
  } catch (error) {
    if (!(error instanceof StockroomError)) throw error;
    const message = error.message.replace(/[\t\r\n]/g, ' ');
    return `fail\t${error.number}\t${error.retryable ? 1 : 0}\t${message}`;
  }
}

const execute = (text) => answered(() => database.execute(JSON.parse(text)));

const verbs = {
  open: (file) =>
    answered(async () => {
      database = await Stockroom.open({ path: file, clock: () => nowMs });
    }),
  clock: (text) =>
    answered(async () => {
      nowMs = Number(text);
    }),
  execute,
  batch: (text) => answered(() => database.batch(JSON.parse(text))),
  read: (text) => {
    const [[name, ask]] = Object.entries(JSON.parse(text));
    return answered(() => database.read(name, ask));
  },
};

/** Lets callers take turns until all are done; the answers of each, one after the other. */
async function together(callers) {
  const answers = callers.map(() => []);
  for (let turn = 0; callers.some((caller) => turn < caller.length); turn++) {
    await Promise.all(
      callers.map(async (caller, index) => {
        if (turn < caller.length) answers[index].push(await execute(caller[turn]));
      }),
    );
  }
  return answers.flat().join('\n');
}

const say = (line) => process.stdout.write(`${line}\n`);
const lines = createInterface({ input: process.stdin, crlfDelay: Infinity })[Symbol.asyncIterator]();
const next = async () => (await lines.next()).value;

for (let line = await next(); line !== undefined; line = await next()) {
  const tab = line.indexOf('\t');
  const [verb, text] = tab < 0 ? [line, ''] : [line.slice(0, tab), line.slice(tab + 1)];
  if (verb === 'close') {
    await database.close();
    say('ok');
    break;
  }
  if (verb === 'together') {
    const callers = [];
    for (let count = Number(text); count > 0; count--) callers.push((await next()).split('\t'));
    say(await together(callers));
  } else {
    say(await verbs[verb](text));
  }
}
process.stdin.destroy();
