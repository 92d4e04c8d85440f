// A message centre that writes a ledger of what it acknowledged. One argument, JSON:
//   {"latency": 4}     answers after 0 to so many milliseconds, so out of order
//   {"receipts": 10}   a receipt for every tenth message that asks for one
//   {"deliver": [{...}]}  deliver_sm to send once a client is bound (fields of npm smpp; "hex")
//   {"throttle": 50}   refuses every fiftieth message as throttled
// Orders on standard input: {"ledger": "file"} writes the ledger there, as JSON.
'use strict';
const fs = require('fs');
const readline = require('readline');
const smpp = require('smpp');

const options = JSON.parse(process.argv[2] || '{}');
const ledger = { submitted: [], delivered: [], binds: [], others: [] };
let lastId = 0, seen = 0;

function tell(line) {
  process.stdout.write(JSON.stringify(line) + '\n');
}

// The library turns bodies into texts; the ledger is about octets.
function octets(value) {
  if (!value) return '';
  if (Buffer.isBuffer(value)) return value.toString('hex');
  return Buffer.isBuffer(value.message) ? value.message.toString('hex') : String(value.message);
}

function partOf(pdu) {
  const body = pdu.short_message || {};
  for (const header of body.udh || []) {
    if (header[0] === 0x00) return header[4];
    if (header[0] === 0x08) return header[5];
  }
  return pdu.sar_segment_seqnum || 1;
}

function submitted(session, pdu) {
  seen += 1;
  if (options.throttle && seen % options.throttle === 0) {
    session.send(pdu.response({ command_status: smpp.ESME_RTHROTTLED }));
    return;
  }
  lastId += 1;
  const id = lastId.toString(16).padStart(8, '0');
  ledger.submitted.push([session.number, pdu.destination_addr, partOf(pdu), id, octets(pdu.short_message)]);
  const answer = () => {
    session.send(pdu.response({ message_id: id }));
    if (options.receipts && pdu.registered_delivery && lastId % options.receipts === 0) {
      session.deliver_sm({
        source_addr: pdu.destination_addr, destination_addr: pdu.source_addr, esm_class: 4,
        short_message: `id:${id} sub:001 dlvrd:001 submit date:2611250101 done date:2611250101 stat:DELIVRD err:000 text:`,
      }, (reply) => ledger.delivered.push([id, reply.command_status]));
    }
  };
  if (options.latency) setTimeout(answer, Math.random() * options.latency);
  else answer();
}

function bound(session, pdu) {
  ledger.binds.push([session.number, pdu.command, pdu.system_id, pdu.password]);
  const wrong = options.password && pdu.password !== options.password;
  session.send(pdu.response({ command_status: wrong ? smpp.ESME_RINVPASWD : 0, system_id: 'centre' }));
  if (wrong) return;
  for (const one of options.deliver || []) {
    const fields = { ...one };
    if (one.hex) fields.short_message = Buffer.from(one.hex, 'hex');
    delete fields.hex;
    session.deliver_sm(fields, (reply) => {
      ledger.delivered.push([one.source_addr, reply.command_status]);
      tell({ event: 'delivered', from: one.source_addr, status: reply.command_status });
    });
  }
}

let sessions = 0;
const server = smpp.createServer((session) => {
  session.number = sessions++;
  session.on('error', () => session.destroy());
  for (const bind of ['bind_transceiver', 'bind_transmitter', 'bind_receiver']) {
    session.on(bind, (pdu) => bound(session, pdu));
  }
  session.on('enquire_link', (pdu) => session.send(pdu.response()));
  session.on('submit_sm', (pdu) => submitted(session, pdu));
  for (const other of ['submit_multi', 'data_sm', 'query_sm', 'cancel_sm', 'replace_sm']) {
    session.on(other, (pdu) => {
      ledger.others.push([other, pdu.destination_addr || pdu.message_id]);
      session.send(pdu.response({ message_id: `${other}-1` }));
    });
  }
  session.on('unbind', (pdu) => {
    tell({ event: 'unbind' });
    session.send(pdu.response());
    session.close();
  });
});

server.listen(0, '127.0.0.1', () => tell({ event: 'listening', port: server.address().port }));

readline.createInterface({ input: process.stdin })
  .on('line', (line) => {
    const order = JSON.parse(line);
    if (order.ledger) {
      fs.writeFileSync(order.ledger, JSON.stringify(ledger));
      tell({ event: 'ledger' });
    }
  })
  .on('close', () => process.exit(0));
