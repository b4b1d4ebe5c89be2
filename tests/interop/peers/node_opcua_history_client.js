"use strict";
// Reads and changes history in the simulator with a node-opcua client. Usage: node_opcua_history_client.js URL.
// The simulator has what asyncua_history_client.py says. Prints one JSON object per check; exits 0 only if every check
// passed. The modules are found through NODE_PATH.

const { check, client, run } = require("./checks.js");
const opcua = require("node-opcua");
const types = require("node-opcua-types");
const { AttributeIds: A, AggregateFunction } = opcua;

const START = Date.UTC(2020, 0, 1);
const at = (second) => new Date(START + second * 1000);
const numbers = (values) => values.map((value) => value.value.value);
const range = (first, last) => Array.from({ length: last - first }, (_, n) => first + n);

function same(found, expected) {
    check(JSON.stringify(found) === JSON.stringify(expected), `${found} instead of ${expected}`);
    return found.slice(0, 10).join(", ");
}

class Checks {
    constructor(url) {
        this.url = url;
        this.client = client();
    }

    id(name) {
        return `ns=${this.ns};s=${name}`;
    }

    async connect() {
        await this.client.connect(this.url);
        this.session = await this.client.createSession();
        const namespaces = await this.session.readNamespaceArray();
        this.ns = namespaces.indexOf("urn:openopc:sim");
        return `namespace ${this.ns}`;
    }

    async historizing() {
        const [flag, level] = await this.session.read([
            { nodeId: this.id("Line"), attributeId: A.Historizing },
            { nodeId: this.id("Line"), attributeId: A.UserAccessLevel },
        ]);
        check(flag.value.value === true, flag.toString());
        check((level.value.value & 12) === 12, level.toString());
        return level.value.value;
    }

    // One node's history, page by page.
    async pages(details, name = "Line") {
        const found = [];
        let pages = 0;
        let continuationPoint = null;
        do {
            const request = new opcua.HistoryReadRequest({
                historyReadDetails: details,
                timestampsToReturn: opcua.TimestampsToReturn.Both,
                nodesToRead: [{ nodeId: this.id(name), continuationPoint }],
            });
            const response = await this.session.historyRead(request);
            const [result] = response.results;
            check(result.statusCode.isGood(), result.statusCode.name);
            found.push(...result.historyData.dataValues);
            continuationPoint = result.continuationPoint;
            pages += 1;
        } while (continuationPoint && continuationPoint.length > 0 && pages < 100);
        return { found, pages };
    }

    raw(startTime, endTime, numValuesPerNode = 0, returnBounds = false) {
        return new opcua.ReadRawModifiedDetails({
            isReadModified: false, startTime, endTime, numValuesPerNode, returnBounds,
        });
    }

    async raw_paged() {
        const { found, pages } = await this.pages(this.raw(at(0), at(1000)));
        same(numbers(found), range(0, 1000));
        check(pages === 10, `${pages} pages`);
        return `${found.length} values in ${pages} pages`;
    }

    async raw_backward() {
        const { found } = await this.pages(this.raw(at(500), at(250)));
        return same(numbers(found), range(251, 501).reverse());
    }

    async raw_bounds() {
        const { found } = await this.pages(this.raw(at(998), at(1005), 0, true));
        const last = found.pop();
        check(last.statusCode.name === "BadBoundNotFound", last.toString());
        return same(numbers(found), [998, 999]);
    }

    async read_history_value() {
        const result = await this.session.readHistoryValue(this.id("Line"), at(10), at(13));
        check(result.statusCode.isGood(), result.statusCode.name);
        return same(numbers(result.historyData.dataValues).slice(0, 3), [10, 11, 12]);
    }

    async aggregate(fn, interval) {
        const result = await this.session.readAggregateValue(
            { nodeId: this.id("Line") }, at(0), at(100), fn, interval
        );
        check(result.statusCode.isGood(), result.statusCode.name);
        return result.historyData.dataValues;
    }

    async average() {
        const values = await this.aggregate(AggregateFunction.Average, 10000);
        check(values[0].statusCode.value === 0x401, values[0].toString());
        return same(numbers(values), range(0, 10).map((n) => n * 10 + 4.5));
    }

    async interpolative() {
        return same(numbers(await this.aggregate(AggregateFunction.Interpolative, 2500)).slice(0, 3), [0, 2.5, 5]);
    }

    async maximum_actual_time() {
        const values = await this.aggregate(AggregateFunction.MaximumActualTime, 50000);
        same(values.map((value) => value.sourceTimestamp.getTime()), [49, 99].map((n) => at(n).getTime()));
        return same(numbers(values), [49, 99]);
    }

    async at_times() {
        const details = new opcua.ReadAtTimeDetails({ reqTimes: [at(3.5), at(7)], useSimpleBounds: false });
        const { found } = await this.pages(details);
        same(found.map((value) => value.statusCode.value), [0x402, 0]);
        return same(numbers(found), [3.5, 7]);
    }

    async update(details) {
        const request = new types.HistoryUpdateRequest({ historyUpdateDetails: [details] });
        const response = await this.session.performMessageTransaction(request);
        const [result] = response.results;
        check(result.statusCode.isGood(), result.statusCode.name);
        return result.operationResults.map((status) => status.name);
    }

    async replace() {
        const value = (second) => ({
            value: { dataType: opcua.DataType.Double, value: 77 }, sourceTimestamp: at(second),
        });
        const names = await this.update(new types.UpdateDataDetails({
            nodeId: this.id("Edit"),
            performInsertReplace: types.PerformUpdateType.Replace,
            updateValues: [value(1), value(1.5)],
        }));
        same(names, ["Good", "BadNoEntryExists"]);
        const { found } = await this.pages(this.raw(at(0), at(3)), "Edit");
        return same(numbers(found), [0, 77, 2]);
    }

    async delete_at_times() {
        const names = await this.update(new types.DeleteAtTimeDetails({
            nodeId: this.id("Edit"), reqTimes: [at(8), at(8.5)],
        }));
        same(names, ["Good", "BadNoEntryExists"]);
        const { found } = await this.pages(this.raw(at(7), at(10)), "Edit");
        return same(numbers(found), [7, 9]);
    }

    async disconnect() {
        await this.session.close();
        await this.client.disconnect();
        return "closed";
    }
}

run(Checks, [
    "connect", "historizing", "raw_paged", "raw_backward", "raw_bounds", "read_history_value", "average",
    "interpolative", "maximum_actual_time", "at_times", "replace", "delete_at_times", "disconnect",
]);
