"""What can stand in the way of an attachment."""

from tasks.kernel.errors import FlowError


class AttachmentDiffers(FlowError):
    """The content is not what was announced."""

    code = "attachment-differs"
    status = 422
    zh = "上传的内容与声明的不一致（{what}）"
    en = "The content is not what was announced ({what})"


class AttachmentsSpent(FlowError):
    """The task has as many attachments as one may have."""

    code = "attachments-spent"
    status = 429
    zh = "这个任务的附件已达上限（{limit}）"
    en = "The task has as many attachments as one may have ({limit})"


class UploadExpired(FlowError):
    """The address was good for an hour; announce the attachment again to get another."""

    code = "upload-expired"
    status = 410
    zh = "上传地址已过期，请重新申请"
    en = "The upload address has expired; announce the attachment again"


class UploadBroken(FlowError):
    """The bytes stopped coming; send them again to the same address."""

    code = "upload-broken"
    status = 400
    zh = "上传中断，请重新上传"
    en = "The upload broke off; send it again"


class FilesUnavailable(FlowError):
    """The place where attachments are kept does not answer, or has lost this one; nothing was done."""

    code = "files-unavailable"
    status = 503
    zh = "附件暂时无法存取，请稍后重试"
    en = "Attachments cannot be stored or read right now; try again shortly"
