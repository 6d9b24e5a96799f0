// A staff app's day in Kotlin, against nothing but the generated types: it is compiled, never run.
package huifang.phone

import huifang.apis.StaffApi
import huifang.models.ActionsIn
import huifang.models.AttachmentIn
import huifang.models.AttachmentKind
import huifang.models.CallbackBody
import huifang.models.CallbackIn
import huifang.models.Channel
import huifang.models.ContentType
import huifang.models.Include
import huifang.models.LogCallbackAction
import huifang.models.SyncItem
import java.io.File
import java.time.OffsetDateTime
import java.util.UUID

class Phone(private val api: StaffApi, private val installation: String) {
    private val kept = mutableMapOf<UUID, SyncItem>()
    private val queue = mutableListOf<LogCallbackAction>()

    /** Everything that changed since the cursor, until there is no more. */
    fun sync(from: String?): String {
        var cursor = from
        while (true) {
            val page = api.syncTasks(cursor = cursor, include = Include.DETAIL, installationId = installation)
            page.items.forEach { kept[it.id] = it }
            page.removed.forEach { kept.remove(it.id) }
            cursor = page.cursor
            if (!page.hasMore) return page.cursor
        }
    }

    fun call(task: SyncItem, at: OffsetDateTime): Boolean {
        api.startTask(task.id)
        val page = api.getTask(task.id)
        val number: String = api.revealPhone(page.customer.id).phone
        val words: String? = page.scripts.firstOrNull()?.text
        val said = CallbackIn(
            actionId = UUID.randomUUID(),
            outcome = "no_answer",
            occurredAt = at,
            channel = Channel.PHONE,
            note = "$number $words",
        )
        return !api.logCallback(task.id, said).suspectClock
    }

    /** A callback that waits for reception, and a photo that waits for it too. */
    fun offline(task: SyncItem, at: OffsetDateTime, photo: UUID, seq: Int) {
        val body = CallbackBody(taskId = task.id, outcome = "booked", attachments = listOf(photo))
        queue += LogCallbackAction(UUID.randomUUID(), at, body, LogCallbackAction.Kind.LOG_CALLBACK, seq)
    }

    fun online(task: SyncItem, photo: UUID, file: File, sha256: String): Boolean {
        val answer = api.replayActions(ActionsIn(actions = queue.take(100), installationId = installation))
        val said = AttachmentIn(task.id, AttachmentKind.PHOTO, ContentType.IMAGE_SLASH_JPEG, file.length().toInt(), sha256, photo)
        api.announceAttachment(said).uploadUrl?.let { api.uploadAttachment(it.substringAfterLast('/'), file) }
        return answer.results.all { it.final }
    }
}
