// A client that sends a file of messages, a line of JSON each, and writes a ledger of the answers.
// One argument, JSON: {"port", "messages": "file", "ledger": "file", "window", "system_id",
// "password", "stay": true}: stays bound for deliveries until standard input ends.
// A message has the fields of submit_sm as npm smpp names them, or "hex" for the octets of its
// short_message; "command" if it is none. Events: bound, refused, progress, done, closed.
'use strict';
const fs = require('fs');
const smpp = require('smpp');

const options = JSON.parse(process.argv[2]);
const messages = options.messages
  ? fs.readFileSync(options.messages, 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line))
  : [];
const ledger = { answers: [], delivered: [], closed: false, seconds: 0 };
let next = 0, open = 0, answered = 0, ended = false;
const started = process.hrtime.bigint();

function tell(line) {
  process.stdout.write(JSON.stringify(line) + '\n');
}

function done() {
  if (ended) return;
  ended = true;
  ledger.seconds = Number(process.hrtime.bigint() - started) / 1e9;
  fs.writeFileSync(options.ledger, JSON.stringify(ledger));
  tell({ event: 'done', answered, closed: ledger.closed, seconds: ledger.seconds });
}

const session = smpp.connect({ host: '127.0.0.1', port: options.port });

function pump() {
  while (next < messages.length && open < options.window) {
    const at = next++;
    const fields = { ...messages[at] };
    const command = fields.command || 'submit_sm';
    if (fields.hex) fields.short_message = Buffer.from(fields.hex, 'hex');
    if (fields.payload) fields.message_payload = Buffer.from(fields.payload, 'hex');
    delete fields.hex;
    delete fields.payload;
    delete fields.command;
    open += 1;
    session[command](fields, (reply) => {
      open -= 1;
      answered += 1;
      ledger.answers.push([at, reply.command_status, reply.message_id || '']);
      if (answered % 1000 === 0) tell({ event: 'progress', answered });
      if (answered === messages.length && !options.stay) session.unbind(() => session.close());
      if (answered === messages.length) done();
      else pump();
    });
  }
}

session.on('error', () => session.destroy());
session.on('connect', () => {
  session.bind_transceiver({ system_id: options.system_id || 'esme', password: options.password || 'secret' }, (reply) => {
    if (reply.command_status) {
      tell({ event: 'refused', status: reply.command_status });
      return;
    }
    tell({ event: 'bound', system_id: reply.system_id });
    pump();
    if (!messages.length) done();
  });
});
session.on('deliver_sm', (pdu) => {
  ledger.delivered.push([pdu.source_addr, pdu.esm_class]);
  session.send(pdu.response());
  tell({ event: 'delivery', from: pdu.source_addr, esm_class: pdu.esm_class });
});
session.on('enquire_link', (pdu) => session.send(pdu.response()));
session.on('unbind', (pdu) => {
  tell({ event: 'unbind' });
  session.send(pdu.response());
  session.close();
});
session.on('close', () => {
  ledger.closed = true;
  done();
  tell({ event: 'closed' });
});
process.stdin.on('data', () => {});
process.stdin.on('end', () => { done(); process.exit(0); });
